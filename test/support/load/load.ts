/** Load for runs with faults: senders that never stop, and boxes whose devices behave in different ways. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';
import { LoadPhone } from '../load-phone.ts';
import type { Address } from '../sip/message.ts';
import { until } from '../until.ts';
import type { Chance } from './random.ts';

/** Servers come and go: a pause of a whole second would miss most of them. */
const AGAIN = 150;

/** What a run waits for takes no longer, on whatever machine. */
const LIMIT = 60_000;

export type Habit = 'stays' | 'comes and goes' | 'stays away';

/** How the boxes' devices behave while the load runs; at the end all are registered. */
const BOXES: readonly (readonly Habit[])[] = [
  ...Array.from({ length: 8 }, (): Habit[] => ['comes and goes']),
  ...Array.from({ length: 4 }, (): Habit[] => ['stays']),
  ...Array.from({ length: 3 }, (): Habit[] => ['stays', 'comes and goes']),
  ...Array.from({ length: 3 }, (): Habit[] => ['stays away']),
];

/** A node as phones see it. */
export interface Target {
  readonly name: string;
  readonly server: Address;
}

export interface LoadOptions {
  readonly nodes: readonly Target[];
  readonly ledger: Ledger;
  readonly chance: Chance;
  readonly senders?: number;
  /** The longest pause of a sender between an answer and its next message, ms. */
  readonly pause?: number;
  /** Phones give up a request after so many ms. */
  readonly patience?: number;
}

export class Load {
  readonly #options: Required<LoadOptions>;
  readonly #devices: LoadPhone[] = [];
  readonly #senders: LoadPhone[] = [];
  readonly #work: Promise<void>[] = [];
  #loaded = true;

  private constructor(options: LoadOptions) {
    this.#options = { senders: 6, pause: 25, patience: 30_000, ...options };
  }

  /** Everybody is spread over the nodes; the devices of one box over several. */
  static async start(options: LoadOptions): Promise<Load> {
    const load = new Load(options);
    const { nodes, ledger, senders, patience } = load.#options;
    const nameOf = new Map(nodes.map((node) => [node.server.port, node.name]));
    const phone = async (aor: string, place: number) => {
      const node = nodes[place % nodes.length];
      if (!node) throw new Error('There is no node to load.');
      const made = await LoadPhone.start(aor, node.server, AGAIN);
      made.patience = patience;
      return made;
    };
    for (const [index, habits] of BOXES.entries())
      for (const [number, habit] of habits.entries()) {
        const device = await phone(`user${index}@example.org`, index + number);
        const name = `${device.aor} (device ${number + 1})`;
        device.onMessage = ({ callId, body, port }) =>
          ledger.arrive(name, callId, body, nameOf.get(port) ?? '');
        load.#devices.push(device);
        load.#work.push(load.#live(device, habit));
      }
    for (let number = 0; number < senders; number++) {
      const sender = await phone(`sender${number}@example.org`, number);
      load.#senders.push(sender);
      load.#work.push(load.#send(sender));
    }
    return load;
  }

  /** Those of a node that is down go to another one: every second sender, and all devices. */
  move(from: Target, to: Target): void {
    const senders = this.#senders.filter((_, index) => index % 4 < 2);
    for (const phone of [...this.#devices, ...senders])
      if (phone.server === from.server) phone.server = to.server;
  }

  /** The devices of a node register at another one from now on. Senders stay. */
  moveDevices(from: Target, to: Target): void {
    for (const phone of this.#devices) if (phone.server === from.server) phone.server = to.server;
  }

  /** Resolves when so many messages have been acknowledged, or delivered. */
  async goesOn(count: number): Promise<void> {
    const { ledger } = this.#options;
    const from = ledger.progress;
    await until(() => ledger.progress >= from + count, LIMIT);
  }

  /** Ends the load, registers every device and waits until all has arrived, or will never do. */
  async end(): Promise<void> {
    this.#loaded = false;
    await Promise.all(this.#work);
    await Promise.all(this.#devices.map((device) => this.#registered(device)));
    await this.#allArrived();
    // What is sent once too often comes before what is sent now, to every box and over every node.
    const [sender] = this.#senders;
    for (const { server } of this.#options.nodes)
      for (const aor of new Set(this.#devices.map((device) => device.aor)))
        if (sender) await this.#message(Object.assign(sender, { server }), aor, 'the last one');
    await this.#allArrived();
  }

  close(): void {
    this.#loaded = false;
    for (const phone of [...this.#devices, ...this.#senders]) phone.close();
  }

  /** Or will never do: that is for the judge to say. What waits may be much, but as long as it goes it is waited for. */
  async #allArrived(): Promise<void> {
    const { ledger } = this.#options;
    for (let before = Infinity, left = ledger.totals.lost; left > 0 && left < before;) {
      await until(() => ledger.totals.lost === 0, LIMIT).catch(() => undefined);
      before = left;
      left = ledger.totals.lost;
    }
  }

  async #registered(device: LoadPhone): Promise<void> {
    while ((await device.register(3600)) !== 200) await sleep(20);
  }

  async #live(device: LoadPhone, habit: Habit): Promise<void> {
    const { chance } = this.#options;
    if (habit === 'stays away') return;
    await this.#registered(device);
    while (this.#loaded && habit === 'comes and goes') {
      await sleep(chance.between(300, 2500));
      await device.register(0);
      await sleep(chance.between(300, 2500));
      await this.#registered(device);
    }
  }

  async #send(sender: LoadPhone): Promise<void> {
    const { chance, ledger, pause } = this.#options;
    let since = performance.now();
    while (this.#loaded) {
      const long = chance.next() < 0.05 ? chance.between(4_000, 8_000) : chance.between(0, 400);
      const aor = `user${chance.between(0, BOXES.length)}@example.org`;
      const status = await this.#message(sender, aor, 'x'.repeat(long));
      if (status >= 200 && status < 300) {
        ledger.without(performance.now() - since);
        since = performance.now();
      }
      await sleep(chance.between(0, pause));
    }
  }

  async #message(sender: LoadPhone, aor: string, text: string): Promise<number> {
    const { ledger } = this.#options;
    const { id, body } = ledger.send(text);
    const status = await sender.message(aor, body);
    ledger.answer(id, status);
    return status;
  }
}
