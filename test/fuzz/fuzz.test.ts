/** A short run of each kind, and that a run can fail at all. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { inputAt } from './inputs.ts';
import { shown } from './replay.ts';
import { run, type Report } from './run.ts';
import { mariadbStore, sqliteStore } from './target/stores.ts';

const COMMAND = fileURLToPath(new URL('../../dist/test/fuzz/command.js', import.meta.url));
/** One seed, so that a run that fails can be had again. */
const SEED = 1;
const LIMIT = 180_000;

/** The first input that makes the planted faults show. */
const FIRST_INFO = Array.from({ length: 1_000 }, (_, nr) => inputAt(SEED, nr, { frames: true })).findIndex(
  ({ way, text }) => way === 'udp' && text.startsWith('INFO '),
);

function toldOf({ found }: Report): string {
  return found === undefined
    ? 'nothing'
    : `${found.failure.kind}: ${found.failure.seen}\n${found.inputs.slice(0, 3).map(shown).join('\n')}`;
}

describe('what strangers may send', () => {
  it(
    'ends nothing, hangs nothing and breaks nothing: on SQLite',
    async () => {
      const report = await run({ seed: SEED, inputs: 1_200, makeStore: sqliteStore, findLimit: 60_000 });
      expect(toldOf(report)).toBe('nothing');
      expect(report.tally.inputs).toBe(1_200);
    },
    LIMIT,
  );

  it(
    'ends nothing, hangs nothing and breaks nothing: on MariaDB',
    async () => {
      const makeStore = mariadbStore((await sharedMariaDb()).port);
      const report = await run({ seed: SEED, inputs: 600, makeStore, findLimit: 60_000 });
      expect(toldOf(report)).toBe('nothing');
    },
    LIMIT,
  );
});

describe('a fault that was planted', () => {
  const { NODE_OPTIONS } = process.env;
  afterEach(() => {
    if (NODE_OPTIONS === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = NODE_OPTIONS;
  });

  /** Into the application: it does this at the first datagram that begins with INFO. */
  function plant(what: string): void {
    const code =
      `import { Socket } from 'node:dgram'; const emit = Socket.prototype.emit;` +
      `Socket.prototype.emit = function (name, data, ...more) {` +
      `if (name === 'message' && data.toString('latin1', 0, 5) === 'INFO ') { ${what} }` +
      `return emit.call(this, name, data, ...more); };`;
    process.env['NODE_OPTIONS'] = `--import data:text/javascript,${encodeURIComponent(code)}`;
  }

  it.each([
    ['the application ended', 'process.exit(3);'],
    ['a stack trace', 'console.error(new Error("planted").stack);'],
  ])(
    'is found and shrunk to one small input: %s',
    async (kind, what) => {
      plant(what);
      const { found } = await run({
        seed: SEED,
        from: FIRST_INFO - 1,
        inputs: 3,
        makeStore: sqliteStore,
        patience: 2_000,
        findLimit: 60_000,
      });
      expect(found?.failure.kind).toBe(kind);
      expect(found?.inputs.length).toBe(1);
      const [{ nr, text } = { nr: 0, text: '' }] = found?.inputs ?? [];
      expect(text).toMatch(/^INFO /);
      expect(text.length).toBeLessThan(inputAt(SEED, nr, { frames: true }).text.length);
    },
    LIMIT,
  );
});

describe('npm run fuzz', () => {
  const command = promisify(execFile);

  it('says what its options are', async () => {
    const { stdout } = await command(process.execPath, [COMMAND, '--help']);
    expect(stdout).toMatch(/--inputs +how many inputs \(default: 100000\)/);
  });

  it.each([
    [['--imputs', '5'], /Unknown option '--imputs'/],
    [['--inputs', 'many'], /--inputs is many, wanted is a whole number/],
    [['--store', 'oracle'], /--store is oracle, wanted is sqlite or mysql/],
  ])('answers %j with a sentence and without a stack', async (args, sentence) => {
    const failed = command(process.execPath, [COMMAND, ...args]);
    await expect(failed).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(sentence) as string,
    });
    await expect(failed).rejects.not.toMatchObject({ stderr: expect.stringMatching(/\n +at /) as string });
  });
});
