/** The books of a run with faults: what was sent, acknowledged and delivered, and which promises were broken. */

interface Entry {
  readonly body: string;
  readonly sent: number;
  /** When the 2xx came; never: infinity. */
  acknowledged: number;
  stored: boolean;
  arrived: boolean;
}

/** An arrival, and the node that brought it. */
interface Arrival {
  readonly callId: string;
  readonly node: string;
  readonly tick: number;
}

export interface Totals {
  readonly sent: number;
  readonly acknowledged: number;
  /** Those with 202: they went through the store. */
  readonly stored: number;
  /** Those of them that a phone took. */
  readonly storedDelivered: number;
  readonly unanswered: number;
  readonly refused: number;
  readonly delivered: number;
  readonly doubled: number;
  readonly lost: number;
  readonly faults: number;
  /** The longest that a sender was without a 2xx, ms. */
  readonly outage: number;
}

export class Ledger {
  /** Sentences about promises that were broken. */
  readonly broken: string[] = [];
  readonly #unruly: boolean;
  readonly #messages: Entry[] = [];
  readonly #devices = new Map<string, DeviceBook>();
  readonly #faults: { readonly node: string; readonly tick: number }[] = [];
  #tick = 0;
  #progress = 0;
  #refused = 0;
  #unanswered = 0;
  #acknowledged = 0;
  #doubled = 0;
  #outage = 0;

  /** @param unruly the devices refuse, and messages expire: no refusal is a fault, and nothing is said of order and loss */
  constructor(unruly = false) {
    this.#unruly = unruly;
  }

  /** A new message with this text after its number; returns number and body. */
  send(text: string): { readonly id: number; readonly body: string } {
    const id = this.#messages.length;
    const body = `${id} ${text}`;
    this.#messages.push({ body, sent: ++this.#tick, acknowledged: Infinity, stored: false, arrived: false });
    return { id, body };
  }

  /** Its final status, 0 when there was none. */
  answer(id: number, status: number): void {
    const entry = this.#messages[id];
    if (!entry) return;
    if (status === 0) this.#unanswered++;
    else if (status < 300) {
      entry.acknowledged = ++this.#tick;
      this.#progress++;
      entry.stored = status === 202;
      this.#acknowledged++;
    } else {
      this.#refused++;
      // Before the app behind it has connected, the SIP front end says so; nothing else is a reason.
      if (status !== 503 && !this.#unruly) this.broken.push(`message ${id} was refused with ${status}`);
    }
  }

  /** A sender was without a 2xx for so many ms. */
  without(ms: number): void {
    this.#outage = Math.max(this.#outage, ms);
  }

  /** What was acknowledged or has arrived so far: a moment in a run, whatever the speed of the machine. */
  get progress(): number {
    return this.#progress;
  }

  /** A node was killed or stopped. To be called when all that it had sent before has been read. */
  fault(node = ''): void {
    this.#faults.push({ node, tick: ++this.#tick });
  }

  arrive(device: string, callId: string, body: string, node = ''): void {
    const arrival = { callId, node, tick: ++this.#tick };
    this.#progress++;
    const id = Number.parseInt(body, 10);
    const entry = this.#messages[id];
    if (entry?.body !== body) {
      this.broken.push(`${device} got a body that nobody sent: ${body.slice(0, 60)}`);
      return;
    }
    entry.arrived = true;
    let book = this.#devices.get(device);
    if (!book) this.#devices.set(device, (book = new DeviceBook()));
    const before = book.last.get(id);
    book.last.set(id, arrival);
    if (before) {
      this.#double(device, book, id, before, arrival);
      return;
    }
    // Somebody who already had the 2xx for this message when that other one was sent may not come after it.
    if (entry.acknowledged < book.latestSent && !this.#unruly)
      this.broken.push(`${device} got message ${id} after one that was sent when ${id} had been accepted`);
    book.latestSent = Math.max(book.latestSent, entry.sent);
  }

  #double(device: string, book: DeviceBook, id: number, before: Arrival, again: Arrival): void {
    this.#doubled++;
    if (before.callId !== again.callId)
      this.broken.push(`${device} got message ${id} again with another Call-ID`);
    // The fault of the node that sent it before, or of the one that had it in hand and was late.
    const sent = this.#messages[id]?.sent ?? 0;
    const between = (node: string, since: number) =>
      this.#faults.findIndex((fault) => fault.node === node && fault.tick > since && fault.tick < again.tick);
    const first = between(before.node, before.tick);
    const blamed = first >= 0 || before.node === again.node ? first : between(again.node, sent);
    if (blamed < 0) this.broken.push(`${device} got message ${id} twice without a fault`);
    else if (book.blamed.has(blamed))
      this.broken.push(
        `${device} got a second message twice for fault ${blamed + 1} (message ${id}, from ${before.node} and ${again.node})`,
      );
    book.blamed.add(blamed);
  }

  get totals(): Totals {
    const lost = this.#messages.filter(
      ({ acknowledged, arrived }) => acknowledged < Infinity && !arrived && !this.#unruly,
    );
    const stored = this.#messages.filter((message) => message.stored);
    return {
      sent: this.#messages.length,
      acknowledged: this.#acknowledged,
      stored: stored.length,
      storedDelivered: stored.filter(({ arrived }) => arrived).length,
      unanswered: this.#unanswered,
      refused: this.#refused,
      delivered: this.#messages.filter(({ arrived }) => arrived).length,
      doubled: this.#doubled,
      lost: lost.length,
      faults: this.#faults.length,
      outage: Math.round(this.#outage),
    };
  }
}

class DeviceBook {
  /** The last arrival of each message. */
  readonly last = new Map<number, Arrival>();
  /** Faults that a double was put down to. */
  readonly blamed = new Set<number>();
  latestSent = 0;
}
