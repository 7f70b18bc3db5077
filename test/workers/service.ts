/** Several processes that serve as one, on a MariaDB: what one test has, and a look at each process. */
import { openStore } from '../../lib/stores/open.ts';
import type { NodeRow } from '../../lib/stores/contract/nodes.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import type { Exit } from '../support/process.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { until } from '../support/until.ts';

/** Seconds until another process takes over. */
const LEASE = 3;
const TOKEN = 'a-token-of-these-tests';

export class Service {
  readonly app: RunningApp;
  readonly store: Store;
  readonly processes: number;
  readonly #ends: (() => unknown)[];

  private constructor(app: RunningApp, store: Store, ends: (() => unknown)[], processes: number) {
    this.app = app;
    this.store = store;
    this.#ends = ends;
    this.processes = processes;
  }

  static async start(env: Readonly<Record<string, string>> = {}, processes = 2): Promise<Service> {
    const database = await (await sharedMariaDb()).createDatabase();
    const ends: (() => unknown)[] = [() => database.drop()];
    try {
      const app = await startApp({
        SILO_WORKERS: String(processes),
        SILO_STORE: database.url,
        SILO_NODE: 'host',
        SILO_LEASE_TIME: String(LEASE),
        SILO_TAIL_TIME: '0.2',
        SILO_MWI_SPREAD: '100',
        SILO_HTTP_LISTEN: '127.0.0.1:0',
        SILO_HTTP_TOKEN: TOKEN,
        ...env,
      });
      const store = await openStore(database.url);
      ends.push(
        () => store.close(),
        () => app.process.stop(10_000),
      );
      return new Service(app, store, ends, processes);
    } catch (error) {
      await database.drop();
      throw error;
    }
  }

  async phone(name: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
    const phone = await Phone.start(name, { server: this.app.server, ...options });
    this.#ends.push(() => phone.close());
    return phone;
  }

  async lampPhone(name: string): Promise<LampPhone> {
    const phone = await LampPhone.start(name, { server: this.app.server });
    this.#ends.push(() => phone.close());
    return phone;
  }

  async row(number: number): Promise<NodeRow | undefined> {
    return (await this.store.nodes()).find(({ node }) => node === `host#${number}`);
  }

  /** The process that has this number just now. */
  async pid(number: number): Promise<number> {
    return Number(/ (\d+)$/.exec((await this.row(number))?.process ?? '')?.[1]);
  }

  /** A signal to one of the processes, and to no other. */
  async signal(number: number, signal: NodeJS.Signals): Promise<void> {
    process.kill(await this.pid(number), signal);
  }

  async get(path: string, token = TOKEN): Promise<Response> {
    const line = await this.app.process.line('  Page, metrics and API: ');
    const base = /http:\S+?\/(?=[# ])/.exec(line)?.[0] ?? '';
    return fetch(`${base}${path}`, {
      headers: { Authorization: `Bearer ${token}`, Connection: 'close' },
      // A connection that was handed to a process as it died gets no answer.
      signal: AbortSignal.timeout(3_000),
    });
  }

  async health(): Promise<{ readonly status: number; readonly ready: boolean; readonly processes: string }> {
    // Two of them: one may be handed to a process as it dies, and get no answer.
    const answer = await Promise.any([this.get('readyz'), this.get('readyz')]);
    const { status, checks } = (await answer.json()) as {
      status: string;
      checks: { processes: { detail: string } };
    };
    return { status: answer.status, ready: status === 'ready', processes: checks.processes.detail };
  }

  async metrics(): Promise<ReadonlyMap<string, number>> {
    const text = await (await this.get('metrics')).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])]));
  }

  /** All processes serve, and none is being started again. */
  whole(): Promise<void> {
    return until(async () => (await this.health()).processes === '', 30_000);
  }

  stop(): Promise<Exit> {
    return this.app.process.stop(10_000);
  }

  async close(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
  }
}

/** Is there a process with this id? */
export function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
