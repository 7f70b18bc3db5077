import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { smallProject, type SmallProject } from './small-project.ts';

// Each starts a vitest of its own, which takes long where others want the processor, too.
vi.setConfig({ testTimeout: 120_000 });

let project: SmallProject;
beforeEach(() => {
  project = smallProject({ built: true });
});
afterEach(() => project.remove());

const head = `import { afterAll, beforeAll, describe, expect, test } from 'vitest';\n`;

async function npmTest(...args: readonly string[]): Promise<{ code: number | null; lines: string[] }> {
  const run = await project.run('test', ...args);
  const { code } = await run.exited;
  return { code, lines: run.stdout.trimEnd().split('\n') };
}

test('the last line counts what passed, and success is an exit code of 0', async () => {
  project.write('test/a.test.ts', `${head}test('one', () => {}); test('two', () => {});`);
  const { code, lines } = await npmTest();
  expect(lines.at(-1)).toBe('2 passed, 0 failed');
  expect(code).toBe(0);
});

test('a skipped test is listed with its reason and fails nothing', async () => {
  project.write(
    'test/a.test.ts',
    `${head}test('runs', () => {});
     describe('the MySQL store', { skip: true, meta: { missing: 'MariaDB is missing; install it' } }, () => {
       test('keeps order', () => {});
       test('loses nothing', () => {});
     });
     test('asks first', (context) => context.skip('no microphone'));
     test.skip('says nothing', () => {});`,
  );
  const { code, lines } = await npmTest();
  expect(lines.slice(lines.findIndex((line) => line.startsWith('Skipped')))).toEqual([
    'Skipped: MariaDB is missing; install it',
    '  test/a.test.ts > the MySQL store > keeps order',
    '  test/a.test.ts > the MySQL store > loses nothing',
    'Skipped: no microphone',
    '  test/a.test.ts > asks first',
    'Skipped: no reason given',
    '  test/a.test.ts > says nothing',
    '1 passed, 0 failed, 4 skipped',
  ]);
  expect(code).toBe(0);
});

test('whatever fails is counted: a test, its preparation, its clean-up, a file that does not load', async () => {
  project.write('test/a.test.ts', `${head}test('wrong', () => expect(1).toBe(2)); test('right', () => {});`);
  project.write(
    'test/b.test.ts',
    `${head}describe('room', () => { beforeAll(() => { throw new Error('no') }); test('never run', () => {}); });`,
  );
  project.write('test/c.test.ts', `${head}import './absent.ts';\ntest('x', () => {});`);
  project.write(
    'test/d.test.ts',
    `${head}test('fine', () => {}); afterAll(() => { throw new Error('left') });`,
  );
  const { code, lines } = await npmTest();
  expect(lines.slice(lines.lastIndexOf('Failed:') + 1, -1).sort()).toEqual([
    '  test/a.test.ts > wrong',
    '  test/b.test.ts > room > never run (did not run)',
    '  test/c.test.ts (outside of its tests)',
    '  test/d.test.ts (outside of its tests)',
  ]);
  expect(lines.at(-1)).toBe('2 passed, 4 failed');
  expect(code).toBe(1);
});

test('an error outside of any test is a failure', async () => {
  project.write(
    'test/a.test.ts',
    `${head}test('careless', async () => {
       void Promise.reject(new Error('forgotten'));
       await new Promise((resolve) => setTimeout(resolve, 50));
     });`,
  );
  const { code, lines } = await npmTest();
  expect(lines.at(-2)).toBe('  outside of any test: forgotten');
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(code).toBe(1);
});

test('a run without a test is no success', async () => {
  project.write('test/a.test.ts', `${head}test('one', () => {});`);
  const { code, lines } = await npmTest('test/no-such-folder');
  expect(lines.at(-1)).toBe('0 passed, 1 failed');
  expect(code).toBe(1);
});

test('a selection by name counts only what was selected', async () => {
  project.write('test/a.test.ts', `${head}test('one', () => {}); test('two', () => {});`);
  const { code, lines } = await npmTest('-t', 'two');
  expect(lines.at(-1)).toBe('1 passed, 0 failed');
  expect(code).toBe(0);
});

test('a build that fails is one failure, and the tests run', async () => {
  project.write('app.ts', `const port: number = 'high'; console.log(port);`);
  project.write('test/a.test.ts', `${head}test('one', () => {});`);
  const { code, lines } = await npmTest();
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(code).toBe(1);
});

test('what passed only at a second try is named with what was wrong before, and counts as passed', async () => {
  project.write(
    'test/a.test.ts',
    `${head}let tries = 0;
     test('steady', () => {});
     test('shaky', { retry: 2 }, () => expect(++tries).toBe(2));
     test('shakier', { retry: 2 }, () => expect(++tries).toBe(5));`,
  );
  const { code, lines } = await npmTest();
  expect(lines.slice(-7)).toEqual([
    'Passed only at a second try:',
    '  test/a.test.ts > shaky (try 2)',
    '    AssertionError: expected 1 to be 2 // Object.is equality (test/a.test.ts:4)',
    '  test/a.test.ts > shakier (try 3)',
    '    AssertionError: expected 3 to be 5 // Object.is equality (test/a.test.ts:5)',
    '    AssertionError: expected 4 to be 5 // Object.is equality (test/a.test.ts:5)',
    '3 passed, 0 failed',
  ]);
  expect(code).toBe(0);
});

test('a run that hangs is ended in time, with what was known by then', { timeout: 600_000 }, async () => {
  let lines: string[] = [];
  // How soon the test beside the one that hangs has passed is the machine's affair: until it has, the time is doubled.
  for (let minutes = 0.1; minutes < 5 && lines.at(-1) !== '1 passed, 3 failed'; minutes *= 2) {
    project.remove();
    project = smallProject({ built: true, env: { TEST_MINUTES: String(minutes), FAILED_CHECKS: ' lint' } });
    project.write('test/a.test.ts', `${head}test('one', () => {});`);
    project.write('test/b.test.ts', `${head}test('hangs', () => new Promise(() => {}), 3_600_000);`);
    const run = await npmTest();
    ({ lines } = run);
    expect(lines).toContain('  the tests did not end in time');
    expect(run.code).toBe(1);
  }
  expect(lines.slice(-5)).toEqual([
    'Failed:',
    '  lint',
    '  test/b.test.ts (did not end)',
    '  the tests did not end in time',
    '1 passed, 3 failed',
  ]);
});
