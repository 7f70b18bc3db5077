/** The application as a user runs it: `dist/app.js` in a process of its own. */
import { freePort } from './free-port.ts';
import { startProcess, type RunningProcess } from './process.ts';

export interface RunningApp {
  readonly process: RunningProcess;
  readonly server: { readonly host: string; readonly port: number };
}

/**
 * Starts the app and waits for its ready line. It runs on the embedded front end, or behind a real drachtio-server when
 * `SILO_CONFORMANCE_SIP`, `SILO_CONFORMANCE_ADMIN` (host:port) and `SILO_CONFORMANCE_SECRET` name one; then one app runs
 * at a time, so such a run needs `--no-file-parallelism`.
 */
export async function startApp(
  env: Readonly<Record<string, string>> = {},
  port?: number,
): Promise<RunningApp> {
  const {
    SILO_CONFORMANCE_SIP: sip,
    SILO_CONFORMANCE_ADMIN: admin,
    SILO_CONFORMANCE_SECRET: secret = 'cymru',
  } = process.env;
  const server =
    sip === undefined
      ? { host: '127.0.0.1', port: port ?? (await freePort()) }
      : { host: sip.split(':')[0] ?? '', port: Number(sip.split(':')[1]) };
  const [adminHost = '', adminPort = ''] = admin?.split(':') ?? [];
  const running = await startProcess(process.execPath, ['dist/app.js'], {
    env: {
      // Options of whoever runs the tests must not leak in.
      SILO_CONFORMANCE_SIP: undefined,
      SILO_CONFORMANCE_ADMIN: undefined,
      SILO_CONFORMANCE_SECRET: undefined,
      SILO_STORE: 'sqlite::memory:',
      ...(sip === undefined
        ? { SILO_SIP_LISTEN: `${server.host}:${server.port}` }
        : { DRACHTIO_HOST: adminHost, DRACHTIO_PORT: adminPort, DRACHTIO_SECRET: secret }),
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
