import { defineConfig } from 'vitest/config';

/**
 * Real sockets, real processes and real databases on two busy cores: what fails thrice in a row has failed. `npm test` asks for
 * two more tries and names what needed one; who runs vitest by hand wants to see each failure.
 */
const RETRIES = Number(process.env['TEST_RETRIES'] ?? 0);

/** Far more than any test takes on a machine of its own: only one that hangs waits so long. */
const TIME_LIMIT = { unit: 60_000, system: 120_000, faults: 120_000 };

/** What needs no database server and no other process: `npm run check` runs it, in about a minute. */
const UNIT = [
  'test/base/**/*.test.ts',
  'test/sip/**/*.test.ts',
  'test/silo/**/*.test.ts',
  'test/stores/{contract,shared}/**/*.test.ts',
  'test/stores/sqlite/!(plans).test.ts',
  'test/mwi/summary/**/*.test.ts',
  'test/mwi/state/**/*.test.ts',
  'test/registrar/**/*.test.ts',
  'test/auth/digest/**/*.test.ts',
  'test/auth/users/**/*.test.ts',
  'test/embedded/**/*.test.ts',
  'test/options/**/*.test.ts',
  'test/app/config.test.ts',
  'test/import/judge.test.ts',
  'test/docs/tables.test.ts',
  'test/docs/commands.test.ts',
  'test/docs/questions.test.ts',
  'test/cli/frame/**/*.test.ts',
];
/** What takes minutes because it kills, freezes and floods. */
const FAULTS = ['test/faults/**/*.test.ts', 'test/fuzz/**/*.test.ts'];
const ALL = ['test/**/*.test.ts'];

/** What no server but a real drachtio-server can do: it runs where its program is named (CONTRIBUTING.md). */
const REAL_ONLY =
  process.env['SILO_CONFORMANCE_DRACHTIO'] === undefined ? ['test/conformance/tls.test.ts'] : [];

/** The three lanes together are all tests: what is in neither of the others is in `system`. */
const lane = (name: keyof typeof TIME_LIMIT, include: string[], exclude: string[] = []) => ({
  test: {
    name,
    include,
    exclude,
    // Each file owns its ports and folders.
    pool: 'forks' as const,
    // What starts no process and no server is read once for all files of a worker: reading it took a third of the lane's time.
    isolate: name !== 'unit',
    retry: RETRIES,
    testTimeout: TIME_LIMIT[name],
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    globalSetup: ['test/support/shared-mariadb-setup.ts'],
    // Two cores, and one file more, for when one waits for a program or a timer.
    maxWorkers: 3,
    projects: [
      lane('unit', UNIT),
      lane('system', ALL, [...UNIT, ...FAULTS, ...REAL_ONLY]),
      lane('faults', FAULTS),
    ],
  },
});
