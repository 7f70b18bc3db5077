/** The books of one node in this process, kept from its events and from what the phones answered, and compared. */
import { expect } from 'vitest';
import type { Outcome } from '../../lib/stores/contract/message.ts';
import type { TestNode } from '../support/node.ts';

export class Books {
  /** Call-ID under which a stored message is delivered -> how it ended; '' while it waits. */
  readonly ends = new Map<string, Outcome | ''>();
  /** Call-IDs to which a phone said 2xx. */
  readonly taken = new Set<string>();
  readonly #node: TestNode;

  constructor(node: TestNode) {
    this.#node = node;
    node.silo.events.on('stored', ({ key }) => {
      // A late answer may have ended it before its own commit was told.
      if (!this.ends.has(idOf(key))) this.ends.set(idOf(key), '');
    });
    node.silo.events.on('ended', ({ key, outcome }) => this.ends.set(idOf(key), outcome));
  }

  /** How many ended so; '' for those that wait. */
  count(outcome: Outcome | ''): number {
    return [...this.ends.values()].filter((end) => end === outcome).length;
  }

  /** accepted = waiting + delivered + dead + expired + erased, in the store as in the events; delivered is what phones took. */
  async close(accepted: number): Promise<void> {
    const { waiting, delivered, expired, dead, erased } = await this.#node.store.ledger();
    expect(waiting + delivered + expired + dead + erased).toBe(accepted);
    expect({ waiting, delivered, expired, dead, erased }).toEqual({
      waiting: this.count(''),
      delivered: this.count('delivered'),
      expired: this.count('expired'),
      dead: this.count('dead'),
      erased: this.count('erased'),
    });
    for (const [id, end] of this.ends)
      expect([id, end]).toEqual([id, this.taken.has(id) ? 'delivered' : end]);
    for (const [id, end] of this.ends)
      if (end === 'delivered') expect(this.taken.has(id), `${id} was never taken by a phone`).toBe(true);
  }
}

function idOf(key: string): string {
  return key.slice(0, 32);
}
