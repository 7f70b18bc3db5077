/** `npm run lint` keeps the house: each of its rules is broken once in a small project, and says so in a sentence. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LINES, LONGER, MORE_PARAMETERS, PARAMETERS, TEST_LINES } from '../../scripts/lint/limits.js';
import { packages, rooms } from '../../scripts/lint/rooms.js';
import { smallHouse } from './small-house.ts';
import type { SmallProject } from './small-project.ts';

const root = join(import.meta.dirname, '../..');

describe('a small house', { timeout: 120_000 }, () => {
  let house: SmallProject;
  beforeEach(() => {
    house = smallHouse();
  });
  afterEach(() => house.remove());

  async function lint(...rules: readonly string[]): Promise<{ code: number | null; said: string }> {
    const run = await house.run('lint', ...rules);
    const { code } = await run.exited;
    return { code, said: run.stderr.replace(/\s+/g, ' ') };
  }

  test('that keeps the rules is in order', async () => {
    expect(await lint()).toEqual({ code: 0, said: '' });
  });

  test('that breaks each of them is told each in a sentence', async () => {
    // Arrows: up, to a room that the row does not name, to a database, out of a folder without a row; and a circle.
    house.write('lib/sip/read/up.ts', `import '../../silo/silo.ts';\n`);
    house.write('lib/silo/receive/sideways.ts', `import '../pace/pause.ts';\n`);
    house.write('lib/silo/manage/query.ts', `import 'mysql2';\n`);
    house.write('lib/attic/old.ts', `import '../base/long.ts';\n`);
    house.write(
      'lib/mwi/state/one.ts',
      `import type { Two } from './two.ts';\n\nexport type One = Two | 1;\n`,
    );
    house.write(
      'lib/mwi/state/two.ts',
      `import type { One } from './one.ts';\n\nexport type Two = One | 2;\n`,
    );
    // Limits, order, what nobody uses, and how it looks.
    house.write('lib/base/long.ts', `${'// line\n'.repeat(LINES)}export const long = 1;\n`);
    const five = 'a: number, b: number, c: number, d: number, e: number';
    house.write('lib/base/many.ts', `export const many = (${five}) => a + b + c + d + e;\n`);
    house.write(
      'lib/base/order.ts',
      `import { long } from './long.ts';\nimport { join } from 'node:path';\n\nconsole.log(join('a'), long);\n`,
    );
    house.write('app.ts', `import './lib/app/application.ts';\nimport './lib/base/many.ts';\n`);
    house.write('lib/base/crooked.ts', `console.log( 1 )\n`);

    const { code, said } = await lint();
    expect(code).toBe(1);
    const sentences = [
      'lib/sip/read may import lib/base and nothing else of ours: see scripts/lint/rooms.js',
      /lib\/silo\/receive may import lib\/silo\/state, .* and nothing else of ours/,
      'only lib/stores/mysql/link and lib/stores/source may import mysql2: see scripts/lint/rooms.js',
      'this folder has no row, so nothing says what it may import: give it one in scripts/lint/rooms.js',
      'these files import each other in a circle',
      `File has too many lines (${LINES + 1}). Maximum allowed is ${LINES}`,
      `too many parameters (5). Maximum allowed is ${PARAMETERS}`,
      'Expected "node:path" (builtin) to come before "./long.ts"',
      /Unused exports \(1\) many lib\/base\/many\.ts/,
      '[warn] lib/base/crooked.ts',
      'npm run lint: not in order: code, arrows, unused, format.',
    ];
    for (const sentence of sentences) expect(said).toMatch(sentence);
    for (const file of ['up', 'sideways', 'query', 'old', 'one', 'two'])
      expect(said).toContain(`/${file}.ts`);
  });

  test('can not be given a circle of folders', async () => {
    const table = readFileSync(join(house.path, 'scripts/lint/rooms.js'), 'utf8');
    house.write('scripts/lint/rooms.js', table.replace(/^(silo\/pace +->)$/m, '$1 silo/deliver'));
    const { code, said } = await lint('arrows');
    expect(code).toBe(1);
    expect(said).toContain(
      'lib/silo/pace -> lib/silo/deliver, but lib/silo/deliver stands above: that is a circle of folders',
    );
  });
});

describe('the tables', () => {
  test('name rooms that exist', () => {
    for (const [room] of rooms) expect(existsSync(join(root, room)), room).toBe(true);
    const places = [...rooms, ...packages].flatMap(([, others]) => others);
    expect(places.filter((place) => !rooms.some(([room]) => room === place))).toEqual([]);
  });

  test('name no arrow that the code does not take', () => {
    const taken = new Set(
      sources().flatMap((file) =>
        [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(
          ([, target = '']) => `${roomOf(file)} -> ${roomOf(join(dirname(file), target))}`,
        ),
      ),
    );
    const arrows = rooms.flatMap(([room, others]) => others.map((other) => `${room} -> ${other}`));
    expect(arrows.filter((arrow) => !taken.has(arrow))).toEqual([]);
  });

  test.each(['lib', 'scripts', 'bench'])('and %s has no folder above 21 files', (tree) => {
    const folders = new Map<string, number>();
    for (const entry of readdirSync(join(root, tree), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) folders.set(entry.parentPath, (folders.get(entry.parentPath) ?? 0) + 1);
    expect([...folders].filter(([, files]) => files > 21)).toEqual([]);
  });

  test('except no file that keeps the limits', async () => {
    for (const [file, [, why]] of Object.entries(LONGER)) {
      const lines = readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length;
      expect(lines, `${file} (${why})`).toBeGreaterThan(file.startsWith('test/') ? TEST_LINES : LINES);
    }
    for (const [file, [, why]] of Object.entries(MORE_PARAMETERS))
      expect(await mostParameters(file), `${file} (${why})`).toBeGreaterThan(PARAMETERS);
  });
});

function sources(): readonly string[] {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' });
  return ['app.ts', ...files.filter((file) => file.endsWith('.ts')).map((file) => join('lib', file))];
}

function roomOf(file: string): string {
  return rooms.some(([room]) => room === file) ? file : dirname(file);
}

/** Of all functions of a file. */
async function mostParameters(file: string): Promise<number> {
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: {
      files: ['**/*.ts'],
      languageOptions: { parser: tseslint.parser },
      rules: { 'max-params': ['error', PARAMETERS] },
    },
  });
  const [result] = await eslint.lintFiles([file]);
  const counts = (result?.messages ?? []).map(({ message }) => Number(/\((\d+)\)/.exec(message)?.[1]));
  return Math.max(0, ...counts);
}
