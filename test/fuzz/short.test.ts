/** A short run of what `npm run fuzz` does for hours: mutated SIP, answers, frames and configurations, and a canary after each batch. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startProcess } from '../support/process.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { run } from './run.ts';
import { shown } from './replay.ts';
import { mariadbStore, sqliteStore, type StoreMaker } from './target/stores.ts';

/** Any seed will do; a fixed one finds today what it found yesterday. */
const SEED = 20_261_128;

async function fuzz(makeStore: StoreMaker, inputs: number): Promise<void> {
  const { tally, found } = await run({ seed: SEED, inputs, makeStore, batch: 500, restartEvery: 3 });
  expect(found && `${found.failure.kind}: ${found.failure.seen}\n${found.inputs.map(shown).join('\n')}`).toBe(
    undefined,
  );
  expect(tally.inputs).toBe(inputs);
  expect(tally.restarts).toBeGreaterThan(0);
  // It was no run at a closed door.
  expect(tally.answers.get(202)).toBeGreaterThan(0);
  expect(tally.arrived).toBeGreaterThan(0);
}

describe(
  'what strangers might send ends nothing, stalls nothing and loses no message',
  { timeout: 300_000 },
  () => {
    test('on SQLite', () => fuzz(sqliteStore, 3_000));

    test('on MariaDB', needing(mariadbMissing()), async () => {
      await fuzz(mariadbStore((await sharedMariaDb()).port), 2_000);
    });
  },
);

test.each([
  [['--help'], 0, 'stdout'],
  [['--inputz', '5'], 2, 'stderr'],
] as const)('npm run fuzz -- %s ends with %d and says how it is asked', async (args, code, stream) => {
  const command = fileURLToPath(new URL('../../dist/test/fuzz/command.js', import.meta.url));
  const asked = await startProcess(process.execPath, [command, ...args]);
  expect((await asked.exited).code).toBe(code);
  expect(asked[stream]).toContain('--inputs N      how many (100000)');
  expect(asked.stderr).not.toContain('    at ');
});
