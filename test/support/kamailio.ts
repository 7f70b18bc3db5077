/** A real Kamailio with a configuration of ours, on loopback, on its own port. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { hostPort, request, type Address } from './sip/message.ts';
import { UdpPeer } from './sip/peer.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface KamailioOptions {
  /** A file of `test/fixtures/kamailio/`. It listens on 127.0.0.1:5060, which is replaced by a free port. */
  readonly config: string;
  /** Texts of the configuration and what takes their place here; each must be there. */
  readonly replace?: Readonly<Record<string, string>>;
  /** Names for `#!ifdef`. */
  readonly defines?: readonly string[];
  /** In MB: what its processes share, and what each has (default 32 and 8). */
  readonly memory?: { readonly shared: number; readonly own: number };
  readonly port?: number;
}

export interface RunningKamailio {
  readonly process: RunningProcess;
  readonly server: Address;
  stop(): Promise<void>;
}

export const FIXTURES = 'test/fixtures/kamailio';

/** Where Debian keeps modules: `/usr/lib/<architecture>/kamailio/modules`. */
function module(name: string): boolean {
  const folders = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').map((folder) => join('/usr/lib', folder))
    : [];
  return ['/usr/lib', ...folders].some((folder) => existsSync(join(folder, 'kamailio/modules', name)));
}

/** Why Kamailio can't run here and what to do about it; undefined where it can. */
export function kamailioMissing(): string | undefined {
  if (findCommand('kamailio') !== undefined && module('db_mysql.so')) return undefined;
  return 'Kamailio is missing; install it: apt-get install kamailio kamailio-mysql-modules';
}

/** The same for a Kamailio with lamps. */
export function presenceMissing(): string | undefined {
  if (module('presence_mwi.so')) return kamailioMissing();
  return "Kamailio's presence is missing; install it: apt-get install kamailio-presence-modules";
}

/** Starts it and waits until it answers OPTIONS. */
export async function startKamailio(options: KamailioOptions): Promise<RunningKamailio> {
  const missing = kamailioMissing();
  if (missing !== undefined) throw new Error(missing);
  const port = options.port ?? (await freePort());
  const { shared, own } = options.memory ?? { shared: 32, own: 8 };
  const folder = temporaryFolder('silo-kamailio');
  const file = join(folder.path, 'kamailio.cfg');
  writeFileSync(file, configOf(options, port));
  const running = await startProcess(
    findCommand('kamailio') ?? 'kamailio',
    [
      ...['-f', file, '-Y', folder.path, '-P', join(folder.path, 'kamailio.pid')],
      // Not into the background, and its log to us.
      ...['-DD', '-E', '-m', String(shared), '-M', String(own)],
      ...(options.defines ?? []).flatMap((name) => ['-A', name]),
    ],
    // Its reminders are in local time.
    { cwd: folder.path, env: { TZ: 'UTC' } },
  );
  const stop = async () => {
    await running.stop();
    folder.remove();
  };
  const exit: { code?: number | null } = {};
  void running.exited.then(({ code }) => (exit.code = code));
  const server = { host: '127.0.0.1', port };
  const limit = performance.now() + 20_000;
  while (!(await answers(server)))
    if (exit.code !== undefined || performance.now() > limit) {
      await stop();
      throw new Error(`Kamailio did not start: ${running.stderr.slice(-3000)}`);
    }
  return { process: running, server, stop };
}

function configOf({ config, replace = {} }: KamailioOptions, port: number): string {
  let text = readFileSync(join(FIXTURES, config), 'utf8');
  const swap = (found: string, wanted: string) => {
    if (!text.includes(found)) throw new Error(`${config} has no "${found}"`);
    text = text.replaceAll(found, wanted);
  };
  for (const [found, wanted] of Object.entries(replace)) swap(found, wanted);
  swap('127.0.0.1:5060', `127.0.0.1:${port}`);
  return text.replaceAll('src_port == 5060', `src_port == ${port}`);
}

/** One OPTIONS; false when there is no answer soon. */
async function answers(server: Address): Promise<boolean> {
  const peer = await UdpPeer.open(server);
  peer.send(request(peer, 'OPTIONS', { uri: `sip:${hostPort(server)}` }));
  const answered = await peer.take(100).then(
    () => true,
    () => false,
  );
  await peer.close();
  return answered;
}
