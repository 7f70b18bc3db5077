/** The application as a user runs it: `dist/app.js` in a process of its own. */
import { freePort } from './free-port.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { realServer } from './real-server.ts';

export interface RunningApp {
  readonly process: RunningProcess;
  readonly server: { readonly host: string; readonly port: number };
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
  const running = await startProcess(process.execPath, ['dist/app.js'], {
    env: {
      // Options of whoever runs the tests must not leak in.
      SILO_CONFORMANCE_SIP: undefined,
      SILO_CONFORMANCE_ADMIN: undefined,
      SILO_CONFORMANCE_SECRET: undefined,
      SILO_CONFORMANCE_RESTART: undefined,
      SILO_STORE: 'sqlite::memory:',
      ...(realServer === undefined
        ? { SILO_SIP_LISTEN: `${server.host}:${server.port}` }
        : {
            DRACHTIO_HOST: realServer.admin.host,
            DRACHTIO_PORT: String(realServer.admin.port),
            DRACHTIO_SECRET: realServer.secret,
          }),
      ...env,
    },
  });
  try {
    await running.line('drachtio-silo ready', { timeoutMs: 15_000 });
  } catch (error) {
    await running.stop();
    throw new Error(`the app did not start: ${running.stderr}`, { cause: error });
  }
  return { process: running, server };
}
