/** What `npm pack` makes, and that it serves those who install it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { smallProject } from './small-project.ts';

const root = join(import.meta.dirname, '../..');

/** Our own build is in use by other tests: nothing of it may be made anew. */
function npmPack(...args: readonly string[]): string {
  return execFileSync('npm', ['pack', '--ignore-scripts', '--json', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
}

test('a fresh clone packs what it builds, and nothing of an older build', { timeout: 120_000 }, async () => {
  const clone = smallProject();
  clone.write('dist/lib/gone.js', '');
  clone.write('dist/.built-from', 'something else');
  const prepack = await clone.run('prepack');
  expect((await prepack.exited).code, prepack.stderr).toBe(0);
  expect(existsSync(join(clone.path, 'dist/app.js'))).toBe(true);
  expect(existsSync(join(clone.path, 'dist/lib/gone.js'))).toBe(false);
  clone.remove();
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['prepack']).toBe('node scripts/prepack.js');
});

test(
  'the package holds the application, the library with its types, the schema and the pages, and nothing else',
  { timeout: 120_000 },
  () => {
    const [packed] = JSON.parse(npmPack('--dry-run')) as [{ files: { path: string }[] }];
    const files = packed.files.map(({ path }) => path);
    for (const wanted of [
      'dist/app.js',
      'dist/lib/index.js',
      'dist/lib/index.d.ts',
      'sql/mysql/0001-silo.sql',
      'sql/sqlite/0001-silo.sql',
      'docs/storing.md',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ])
      expect(files).toContain(wanted);
    const rest =
      /^(dist\/(app|lib\/.*)\.(js|d\.ts|js\.map)|sql\/.*\.sql|docs\/.*\.md|[A-Z]+(\.md)?|package\.json)$/;
    expect(files.filter((file) => !rest.test(file))).toEqual([]);
  },
);

describe('where it is installed', { timeout: 120_000 }, () => {
  let home: TemporaryFolder;
  beforeAll(() => {
    home = temporaryFolder('silo-installed');
    const [{ filename }] = JSON.parse(npmPack('--pack-destination', home.path)) as [{ filename: string }];
    execFileSync('tar', ['-xzf', filename], { cwd: home.path });
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const name of [...Object.keys(dependencies), '@types/node', 'typescript'])
      link(name, join(root, 'node_modules', name));
    link('drachtio-silo', join(home.path, 'package'));
  });
  afterAll(() => home.remove());

  function link(name: string, target: string): void {
    const path = join(home.path, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }

  async function run(...args: readonly string[]): Promise<string> {
    const made = await startProcess(process.execPath, args, { cwd: home.path });
    expect((await made.exited).code, made.stderr + made.stdout).toBe(0);
    return made.stdout;
  }

  test('its command says its version', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    expect(await run('package/dist/app.js', '--version')).toBe(`${version}\n`);
  });

  test('it is there for import and for require, with its schema', async () => {
    const use = `openStore('sqlite::memory:').then(async (store) => { console.log(store.name); await store.close(); });\n`;
    writeFileSync(join(home.path, 'use.mjs'), `import { openStore } from 'drachtio-silo';\n${use}`);
    writeFileSync(join(home.path, 'use.cjs'), `const { openStore } = require('drachtio-silo');\n${use}`);
    for (const file of ['use.mjs', 'use.cjs']) expect(await run(file)).toBe('sqlite::memory:\n');
  });

  test.each([
    ['modules', 'nodenext', 'nodenext', 'use.mts'],
    ['commonjs', 'nodenext', 'nodenext', 'use.cts'],
    ['a bundler', 'esnext', 'bundler', 'use.ts'],
  ])('its types are there for TypeScript with %s', async (_, module, moduleResolution, file) => {
    const use = `
      import { createSilo, openStore, type Silo, type SiloOptions } from 'drachtio-silo';
      const options: SiloOptions = { expireTime: 60 };
      export async function start(dependencies: Omit<Parameters<typeof createSilo>[0], 'store'>): Promise<Silo> {
        return createSilo({ ...dependencies, store: await openStore('sqlite::memory:') }, options);
      }`;
    writeFileSync(join(home.path, file), use);
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      'false',
      '--target',
      'es2023',
      '--types',
      'node',
    ];
    const tsc = 'node_modules/typescript/bin/tsc';
    await run(tsc, ...options, '--module', module, '--moduleResolution', moduleResolution, file);
  });
});
