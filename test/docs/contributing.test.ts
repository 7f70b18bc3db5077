/** CONTRIBUTING.md names commands, folders and variables that exist. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rooms } from '../../scripts/lint/rooms.js';
import { startProcess } from '../support/process.ts';
import { developerPages, pages, root } from './pages.ts';

const page = developerPages().find(({ path }) => path === 'CONTRIBUTING.md')?.text ?? '';
const shown = [...page.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = '']) => text.replace(/\\\n/g, ''));
const lines = shown.join('').split('\n').filter(Boolean);
/** Those in the text: `npm run lint -- arrows`. */
const named = [...page.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);

test('shows commands', () => {
  expect(lines.length).toBeGreaterThan(8);
});

const commands = new Set([...lines, ...named.filter((text) => /^([A-Z_]+=\S+ )*(npm|npx) /.test(text))]);

test.each([...commands])('%s: script, files and variables are there', (line) => {
  const words = line.split(/\s+/).filter(Boolean);
  const variables = words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split('=')[0] ?? '');
  const [program, ...args] = words.slice(variables.length);
  for (const name of variables) expect(readers()).toContain(`'${name}'`);
  if (program === 'npm') {
    const [verb, script] = args[0] === 'run' ? ['run', args[1]] : ['run', args[0]];
    if (verb === 'run' && script !== 'install' && script !== 'ci') expect(scripts()).toContain(script);
  } else expect([program, args[0], args[1]]).toEqual(['npx', 'vitest', 'run']);
  for (const path of args.filter((word) => /^test\//.test(word)))
    expect(existsSync(join(root, path)), path).toBe(true);
  const title = /-t "(.*)"/.exec(line)?.[1];
  const file = args.find((word) => word.endsWith('.test.ts'));
  if (title !== undefined) expect(readFileSync(join(root, file ?? ''), 'utf8')).toContain(title);
});

test.each(lines.filter((line) => /cause|RUNS=/.test(line)))(
  '%s: runs',
  { timeout: 120_000 },
  async (line) => {
    const run = await startProcess('sh', ['-c', line], {
      cwd: root,
      env: { VITEST: undefined, VITEST_WORKER_ID: undefined, VITEST_POOL_ID: undefined, NODE_ENV: undefined },
    });
    expect((await run.exited).code, run.stdout + run.stderr).toBe(0);
    expect(run.stdout).toMatch(/Tests .*\d+ passed/);
  },
);

test('npm run lint has the rules that are named', () => {
  const row = page.split('\n').find((line) => line.startsWith('| `npm run lint`')) ?? '';
  const rules = [...row.matchAll(/`(\w+)`/g)].map(([, rule = '']) => rule);
  const known = readFileSync(join(root, 'scripts/lint.js'), 'utf8').matchAll(/^ {2}(\w+): \[/gm);
  expect(rules).toEqual([...known].map(([, rule]) => rule));
});

test('docs/architecture.md has a row for every room', () => {
  const architecture = pages().find(({ path }) => path === 'docs/architecture.md')?.text ?? '';
  for (const [room] of rooms) {
    const [folder = '', inside] = room.replace('lib/', '').split('/');
    const row = architecture.split('\n').find((line) => line.startsWith('| `') && line.includes(folder));
    expect(row, room).toBeDefined();
    if (inside !== undefined) expect(row, room).toContain(`\`${inside}/`);
  }
});

function scripts(): readonly string[] {
  const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  return Object.keys(about.scripts);
}

/** What reads variables of the tests. */
function readers(): string {
  return ['test', 'test/support', 'test/support/load', 'test/docs', 'test/faults', 'test/mwi/summary']
    .flatMap((folder) =>
      readdirSync(join(root, folder))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(root, folder, name), 'utf8')),
    )
    .concat(readFileSync(join(root, 'vitest.config.ts'), 'utf8'), `'DEBUG'`)
    .join('');
}
