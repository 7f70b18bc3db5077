/** The books of a run with kills: what was sent, acknowledged and delivered, and what is wrong with it. */

interface Entry {
  readonly body: string;
  readonly sent: number;
  /** When the 2xx came; never: infinity. */
  acknowledged: number;
  arrived: boolean;
}

interface First {
  readonly id: number;
  readonly callId: string;
  /** Kills before the last arrival of this message at this device. */
  kills: number;
}

export interface Totals {
  readonly sent: number;
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly refused: number;
  readonly delivered: number;
  readonly doubled: number;
  readonly lost: number;
  readonly kills: number;
}

export class Ledger {
  kills = 0;
  /** Sentences about promises that were broken. */
  readonly faults: string[] = [];
  readonly #messages: Entry[] = [];
  readonly #devices = new Map<string, DeviceBook>();
  #tick = 0;
  #refused = 0;
  #unanswered = 0;
  #acknowledged = 0;
  #doubled = 0;

  /** A new message with this text after its number; returns number and body. */
  send(text: string): { readonly id: number; readonly body: string } {
    const id = this.#messages.length;
    const body = `${id} ${text}`;
    this.#messages.push({ body, sent: ++this.#tick, acknowledged: Infinity, arrived: false });
    return { id, body };
  }

  /** Its final status, 0 when there was none. */
  answer(id: number, status: number): void {
    const entry = this.#messages[id];
    if (!entry) return;
    if (status === 0) this.#unanswered++;
    else if (status < 300) {
      entry.acknowledged = ++this.#tick;
      this.#acknowledged++;
    } else {
      this.#refused++;
      // Before the app behind it has connected, the SIP front end says so; nothing else is a reason.
      if (status !== 503) this.faults.push(`message ${id} was refused with ${status}`);
    }
  }

  arrive(device: string, callId: string, body: string): void {
    this.#tick++;
    const id = Number.parseInt(body, 10);
    const entry = this.#messages[id];
    if (entry?.body !== body) {
      this.faults.push(`${device} got a body that nobody sent: ${body.slice(0, 60)}`);
      return;
    }
    entry.arrived = true;
    let book = this.#devices.get(device);
    if (!book) this.#devices.set(device, (book = new DeviceBook()));
    const before = book.first.get(id);
    if (!before) {
      book.first.set(id, { id, callId, kills: this.kills });
      // Somebody who already had the 2xx for this message when that other one was sent may not come after it.
      if (entry.acknowledged < book.latestSent)
        this.faults.push(`${device} got message ${id} after one that was sent when ${id} had been accepted`);
      book.latestSent = Math.max(book.latestSent, entry.sent);
      return;
    }
    this.#doubled++;
    if (before.callId !== callId) this.faults.push(`${device} got message ${id} again with another Call-ID`);
    if (before.kills === this.kills) this.faults.push(`${device} got message ${id} twice without a kill`);
    // The kill that ended the process which sent it before is the one to blame.
    else if (book.blamed.has(before.kills))
      this.faults.push(`${device} got a second message twice for kill ${before.kills + 1} (message ${id})`);
    book.blamed.add(before.kills);
    before.kills = this.kills;
  }

  get totals(): Totals {
    const lost = this.#messages.filter(({ acknowledged, arrived }) => acknowledged < Infinity && !arrived);
    return {
      sent: this.#messages.length,
      acknowledged: this.#acknowledged,
      unanswered: this.#unanswered,
      refused: this.#refused,
      delivered: this.#messages.filter(({ arrived }) => arrived).length,
      doubled: this.#doubled,
      lost: lost.length,
      kills: this.kills,
    };
  }
}

class DeviceBook {
  readonly first = new Map<number, First>();
  /** Kills that a double was put down to. */
  readonly blamed = new Set<number>();
  latestSent = 0;
}
