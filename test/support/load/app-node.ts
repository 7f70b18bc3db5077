/** One node of the app in a process of its own, to be killed, stopped and started again at the same address. */
import { launchApp } from '../app.ts';
import { freePort } from '../free-port.ts';
import type { RunningProcess } from '../process.ts';
import type { Ledger } from './ledger.ts';
import type { Address } from '../sip/message.ts';
import { turns } from '../until.ts';

export interface AppNodeOptions {
  readonly store: string;
  readonly name: string;
  readonly env?: Readonly<Record<string, string>>;
}

export class AppNode {
  readonly name: string;
  readonly server: Address;
  readonly #env: Readonly<Record<string, string>>;
  #process: RunningProcess | undefined;

  private constructor({ store, name, env }: AppNodeOptions, server: Address) {
    this.name = name;
    this.server = server;
    this.#env = {
      SILO_SIP_LISTEN: `${server.host}:${server.port}`,
      SILO_NODE: name,
      SILO_LIMITS: 'no',
      SILO_STORE: store,
      ...env,
    };
  }

  static async create(options: AppNodeOptions): Promise<AppNode> {
    return new AppNode(options, { host: '127.0.0.1', port: await freePort() });
  }

  /** Resolves when the process exists; `ready()` when it serves. */
  async start(): Promise<void> {
    this.#process = await launchApp(this.#env);
  }

  async ready(): Promise<void> {
    await this.#process?.line('drachtio-silo ready', { timeoutMs: 30_000 });
  }

  /** `kill -9`; the ledger hears of it when all that the node had sent has been read. */
  async kill(ledger?: Ledger): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#process?.exited;
    await turns();
    ledger?.fault(this.name);
  }

  async freeze(ledger: Ledger): Promise<void> {
    this.#process?.kill('SIGSTOP');
    await turns();
    ledger.fault(this.name);
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** SIGTERM; what is wrong with the way in which it ended goes into the ledger. */
  async stop(ledger: Ledger): Promise<void> {
    const { code } = (await this.#process?.stop(10_000)) ?? { code: null };
    if (code !== 0) ledger.broken.push(`${this.name} ended with code ${code ?? 'none'} after SIGTERM`);
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }
}
