import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { createDatabase, ROOT_PASSWORD, urlOf, type TestDatabase } from './mariadb-database.ts';
import { startProcess, type ProcessOptions, type RunningProcess } from './process.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface TestMariaDb {
  readonly port: number;
  /** Of the server that runs now. */
  readonly pid: number;
  /** `mysql://root:…@127.0.0.1:port/database` */
  readonly url: (database: string) => string;
  /** A new, empty database of which no other test knows. */
  createDatabase(prefix?: string): Promise<TestDatabase>;
  /**
   * Sends a signal to the server: SIGKILL is a crash, SIGTERM an orderly end, SIGSTOP and SIGCONT a server that
   * hangs for a while.
   */
  kill(signal: NodeJS.Signals): void;
  /** Settles when the server process has ended. */
  down(): Promise<void>;
  /** Starts it again after `kill`, on the same data folder and port; waits for the killed one to be gone. */
  start(): Promise<void>;
  /** Ends it for good and removes its folder. */
  stop(): Promise<void>;
}

export interface MariaDbOptions {
  /** More arguments for mariadbd; they come last, so they win. */
  readonly args?: readonly string[];
  /** Where its folder is made; default: where temporary folders are. */
  readonly parent?: string;
}

/** Why MariaDB can't run here and what to do about it; undefined where it can. */
export function mariadbMissing(): string | undefined {
  const absent = ['mariadbd', 'mariadb-install-db', 'my_print_defaults'].filter(
    (name) => findCommand(name) === undefined,
  );
  if (absent.length === 0) return undefined;
  return (
    `MariaDB is missing (${absent.join(', ')} not found); ` +
    'install it: apt-get install mariadb-server-core mariadb-client-core'
  );
}

/**
 * A MariaDB of our own: own folder, own port on loopback, nothing shared with one that the machine may run.
 * A commit is on disk when it is acknowledged, as in production. Ready in about a second.
 */
export async function startMariaDb(options: MariaDbOptions = {}): Promise<TestMariaDb> {
  const missing = mariadbMissing();
  if (missing !== undefined) throw new Error(missing);
  const folder = temporaryFolder('silo-mariadb', options.parent);
  const port = await freePort();
  let server: RunningProcess;
  try {
    await installMariaDb(folder.path);
    server = await launchMariaDb(folder.path, port, options.args ?? []);
  } catch (cause) {
    folder.remove();
    throw new Error(`MariaDB did not start: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  return {
    port,
    get pid() {
      return server.pid;
    },
    url: (database) => urlOf(port, database),
    createDatabase: (prefix) => createDatabase(port, prefix),
    kill: (signal) => server.kill(signal),
    down: async () => {
      await server.exited;
    },
    start: async () => {
      await ended(server);
      server = await launchMariaDb(folder.path, port, options.args ?? []);
    },
    stop: async () => {
      await server.stop(20_000);
      folder.remove();
    },
  };
}

/** mariadbd refuses to run as root unless told so. */
const asUser = process.getuid?.() === 0 ? ['--user=root'] : [];

/** A new data folder in `folder`. */
export async function installMariaDb(folder: string): Promise<void> {
  await promisify(execFile)(command('mariadb-install-db'), [
    '--no-defaults',
    ...asUser,
    `--datadir=${join(folder, 'data')}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
    // The size of the redo log is fixed here; the default of 96 MB only costs time and space.
    '--innodb-log-file-size=16M',
    // Two of these at once delete each other's temporary tables in a folder that they share.
    `--tmpdir=${folder}`,
  ]);
  // Run before the first connection is let in, at each start, so it must bear repetition.
  writeFileSync(
    join(folder, 'init.sql'),
    `create or replace user root@'127.0.0.1' identified by '${ROOT_PASSWORD}';\n` +
      `grant all privileges on *.* to root@'127.0.0.1' with grant option;\n`,
  );
}

/** Starts a server on the data folder in `folder`; resolves when it lets clients in. */
export async function launchMariaDb(
  folder: string,
  port: number,
  args: readonly string[],
  env: ProcessOptions['env'] = {},
): Promise<RunningProcess> {
  const server = await startProcess(
    command('mariadbd'),
    [
      // First, as the manual wants it: the machine's own configuration stays out.
      '--no-defaults',
      ...asUser,
      `--datadir=${join(folder, 'data')}`,
      `--tmpdir=${folder}`,
      `--socket=${join(folder, 'mariadb.sock')}`,
      `--pid-file=${join(folder, 'mariadb.pid')}`,
      `--init-file=${join(folder, 'init.sql')}`,
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      '--skip-name-resolve',
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-log-file-size=16M',
      '--innodb-buffer-pool-size=64M',
      '--max-connections=300',
      ...args,
    ],
    { env },
  );
  try {
    // The line after "ready for connections".
    await server.line('Version:', { from: 'stderr', timeoutMs: 30_000 });
  } catch (cause) {
    await server.stop(0);
    throw cause;
  }
  return server;
}

/** An orderly end may take a while; a server that nobody has told to end would be waited for in vain. */
export async function ended(server: RunningProcess): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('MariaDB still runs: kill() it before start().')), 20_000);
  });
  await Promise.race([server.exited, late]).finally(() => clearTimeout(timer));
}

function command(name: string): string {
  return findCommand(name) ?? name;
}
