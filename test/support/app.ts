/** The application as a user runs it: `dist/app.js` in a process of its own. */
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { realServer } from './real-server.ts';
import type { Address } from './sip/message.ts';

export interface RunningApp {
  readonly process: RunningProcess;
  readonly server: Address;
}

/** We are run from the sources, or from what was built of them (bench, demo). */
const BUILT = import.meta.url.endsWith('.ts') ? '../../dist/app.js' : '../../app.js';
const APP = fileURLToPath(new URL(BUILT, import.meta.url));

/**
 * Resolves when the process exists; its ready line comes later. Our own options do not leak in.
 *
 * @param node arguments for Node itself
 */
export function launchApp(
  env: Readonly<Record<string, string>>,
  node: readonly string[] = [],
): Promise<RunningProcess> {
  const foreign = Object.keys(process.env).filter((name) => /^(SILO|DRACHTIO)_/.test(name));
  return startProcess(process.execPath, [...node, APP], {
    env: {
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      // Who wants it says where.
      SILO_HTTP_LISTEN: 'off',
      ...env,
    },
  });
}

/**
 * `SILO_CONFORMANCE_WORKERS` names a number of processes for what is tested on no database in particular: they need one that they can
 * share. Not imported above: it is the test runner's, and the demo has none.
 */
async function severalProcesses(store: string | undefined): Promise<Readonly<Record<string, string>>> {
  const workers = process.env['SILO_CONFORMANCE_WORKERS'];
  if (workers === undefined || store !== undefined) return {};
  const file = new URL('./shared-mariadb.ts', import.meta.url).href;
  const { sharedMariaDb } = (await import(file)) as {
    sharedMariaDb: () => Promise<{ createDatabase: () => Promise<{ url: string }> }>;
  };
  const { url } = await (await sharedMariaDb()).createDatabase();
  return { SILO_WORKERS: workers, SILO_STORE: url };
}

/**
 * Starts the app and waits for its ready line. It runs on the embedded front end, or behind the real drachtio-server
 * that is named (real-server.ts); then one app runs at a time, so such a run needs `--no-file-parallelism`.
 */
export async function startApp(
  env: Readonly<Record<string, string>> = {},
  port?: number,
): Promise<RunningApp> {
  const server = realServer?.sip ?? { host: '127.0.0.1', port: port ?? (await freePort()) };
  const running = await launchApp({
    SILO_STORE: 'sqlite::memory:',
    ...(await severalProcesses(env['SILO_STORE'])),
    ...(realServer === undefined
      ? { SILO_SIP_LISTEN: `${server.host}:${server.port}` }
      : {
          DRACHTIO_HOST: realServer.admin.host,
          DRACHTIO_PORT: String(realServer.admin.port),
          DRACHTIO_SECRET: realServer.secret,
        }),
    ...env,
  });
  try {
    await running.line('drachtio-silo ready', { timeoutMs: 30_000 });
  } catch (error) {
    await running.stop();
    throw new Error(`the app did not start: ${running.stderr}`, { cause: error });
  }
  return { process: running, server };
}
