/**
 * Softphones that others have written, as a person uses them: by what is typed and by what they print. They run on loopback, in a
 * folder of their own, and not for long.
 *
 * baresip 1.0.0 shows a lamp and knows MD5 only; Linphone 5.1 shows none, and proves itself by SHA-256, too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { findCommand } from './find-command.ts';
import { startProcess, type RunningProcess } from './process.ts';
import type { Address } from './sip/message.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
import { LONG, until } from './until.ts';

export interface Account {
  /** `bob@example.org` */
  readonly aor: string;
  /** One without is never asked for it. */
  readonly password?: string;
  readonly server: Address;
  /** To whom it writes. */
  readonly peer: string;
}

/** What they say in a test is some 10 kB; one that has gone mad says that much in a moment. */
const MOST_OUTPUT = 1_000_000;
/** None runs for longer, whatever becomes of its test. */
const LIFE = 120_000;

/** How a softphone is to be started, as far as its life is concerned. */
export const BOUNDED = { typed: true, mostOutput: MOST_OUTPUT } as const;

interface Habits {
  /** Goes away with it. */
  readonly folder?: TemporaryFolder;
  /** What ends it; without, it listens to SIGTERM. */
  readonly quit?: string;
}

export class Softphone {
  readonly #process: RunningProcess;
  readonly #habits: Habits;

  /** @param process started with BOUNDED */
  constructor(process: RunningProcess, habits: Habits = {}) {
    this.#process = process;
    this.#habits = habits;
    const timer = setTimeout(() => process.kill('SIGKILL'), LIFE);
    void process.exited.then(() => clearTimeout(timer));
  }

  /** All that it has printed. */
  get said(): string {
    return stripVTControlCharacters(`${this.#process.stdout}\n${this.#process.stderr}`);
  }

  /** What it printed last about its lamp, from `Messages-Waiting` on; empty: nothing yet. */
  get lamp(): string {
    return /^Messages-Waiting.*(?:\r?\n[\w-]+: \d.*)*/m.exec(this.#printedLast('----- MWI for '))?.[0] ?? '';
  }

  /** Resolves when it has printed this. */
  async says(words: string | RegExp): Promise<void> {
    let before = '';
    let ended = false;
    void this.#process.exited.then(() => (ended = true));
    const found = (): boolean => {
      before = this.said;
      return typeof words === 'string' ? before.includes(words) : words.test(before);
    };
    await until(() => found() || ended).catch(() => undefined);
    if (!found()) throw new Error(`It does not say ${String(words)}. It says: ${before.slice(-3_000)}`);
  }

  type(line: string): void {
    this.#process.type(`${line}\n`);
  }

  /** Ends it as its user does, so that it says goodbye to the server; by force where it does not go. */
  async stop(): Promise<void> {
    const { folder, quit } = this.#habits;
    if (quit !== undefined) {
      this.type(quit);
      await Promise.race([this.#process.exited, pause(3_000, undefined, { ref: false })]);
    }
    await this.#process.stop(3_000);
    folder?.remove();
  }

  #printedLast(beginning: string): string {
    const { said } = this;
    const at = said.lastIndexOf(beginning);
    return at < 0 ? '' : said.slice(at);
  }
}

/** Why they can't run here and what to do about it; undefined where they can. */
export function softphonesMissing(): string | undefined {
  if (findCommand('baresip') === undefined)
    return 'baresip is missing; install it: apt-get install baresip-core';
  if (findCommand('linphone-daemon') === undefined)
    return 'Linphone is missing; install it: apt-get install linphone-cli';
  return undefined;
}

/**
 * `/message <text>` writes to the peer. What comes over the wire it prints, too (`-s`).
 *
 * Its mwi.so has a timer, 1 ms after it was loaded, that subscribes anew for each subscription there is, and puts each of these at
 * the end of the list that it goes through: when there is one already, it never ends, sends thousands of SUBSCRIBEs a second, and hears no
 * SIGTERM. That is so when the 200 to REGISTER is read before its loop has come to that timer: nearly always with a server nearby that asks
 * for no password and an account in its file. So it gets its account when it is in the loop. It reads what is typed a character
 * in each turn, looks at its timers in each, and goes through an empty list long before it registers. 30 of 30 runs then
 * subscribed once.
 */
export async function startBaresip({ aor, password = '', server, peer }: Account): Promise<Softphone> {
  const folder = temporaryFolder('silo-baresip');
  const modules = [
    'module stdio.so',
    ...['mwi', 'account', 'contact', 'menu'].map((of) => `module_app ${of}.so`),
  ];
  const files = {
    config: ['sip_listen 127.0.0.1:0', `module_path ${BARESIP_MODULES}`, 'module g711.so', ...modules],
    accounts: ['# added when it runs'],
    contacts: [`"Peer" <sip:${peer}>`],
  };
  for (const [name, lines] of Object.entries(files))
    writeFileSync(join(folder.path, name), `${lines.join('\n')}\n`);
  const process = await startProcess('baresip', ['-s', '-f', folder.path], BOUNDED);
  const phone = new Softphone(process, { folder });
  await phone.says('baresip is ready.');
  const secret = password === '' ? [] : [`auth_pass=${password}`];
  const params = [...secret, 'regint=600', 'mwi=yes', `outbound="sip:${server.host}:${server.port}"`];
  phone.type(`/uanew <sip:${aor}>;${params.join(';')}`);
  return phone;
}

const BARESIP_MODULES = '/usr/lib/baresip/modules';

/** `message <uri> <text>` writes, `register-status ALL` asks whether it is registered, `quit` ends it. */
export async function startLinphone({ aor, password = '', server }: Account): Promise<Softphone> {
  const folder = temporaryFolder('silo-linphone');
  // It does not make these itself, and keeps nothing without.
  mkdirSync(join(folder.path, '.local/share/linphone'), { recursive: true });
  const [username = '', domain = ''] = aor.split('@');
  const way = `sip:${server.host}:${server.port};transport=udp`;
  const file = join(folder.path, 'linphonerc');
  const sections = {
    sip: {
      bind_address: '127.0.0.1',
      use_ipv6: 0,
      sip_port: -1,
      sip_tcp_port: 0,
      sip_tls_port: 0,
      default_proxy: 0,
    },
    proxy_0: {
      reg_identity: `sip:${aor}`,
      reg_proxy: `<${way}>`,
      reg_route: `<${way};lr>`,
      reg_expires: 600,
      reg_sendregister: 1,
    },
    auth_info_0: { username, domain, passwd: password },
  };
  const text = Object.entries(sections).map(([name, values]) =>
    [`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key}=${value}`)].join('\n'),
  );
  writeFileSync(file, `${text.join('\n')}\n`);
  const process = await startProcess('linphone-daemon', ['--config', file], {
    ...BOUNDED,
    env: { HOME: folder.path },
  });
  return new Softphone(process, { folder, quit: 'quit' });
}

/** Asks it until it says so: it does not tell by itself. */
export async function linphoneIs(state: 'Ok' | 'Failed', phone: Softphone): Promise<void> {
  const limit = performance.now() + LONG;
  const wanted = `LinphoneRegistration${state}`;
  while (!phone.said.includes(wanted) && performance.now() < limit) {
    const before = phone.said.split('State: LinphoneRegistration').length;
    phone.type('register-status ALL');
    await until(() => phone.said.split('State: LinphoneRegistration').length > before);
  }
  await phone.says(wanted);
}
