/** Many phones on one socket: each watches its own mailbox, answers its NOTIFYs, and comes back when it is sent away. */
import { randomBytes } from 'node:crypto';
import { Phone, type PhoneOptions } from './phone.ts';
import type { Sip } from './sip/message.ts';
import { LONG, until } from './until.ts';
import { numberOf, stateOf, TYPE } from './lamp-phone.ts';

export interface Member {
  readonly user: string;
  /** NOTIFYs, in the order in which they came. */
  readonly notifies: Sip[];
  /** Call-ID of the subscription that it holds now. */
  callId: string;
}

export class Fleet {
  readonly members = new Map<string, Member>();
  /** Sent away and not back yet. */
  away = 0;
  readonly #phone: Phone;
  #cseq = 0;
  #closed = false;

  private constructor(phone: Phone) {
    this.#phone = phone;
  }

  static async start(size: number, options: PhoneOptions): Promise<Fleet> {
    const fleet = new Fleet(await Phone.start('fleet', options));
    fleet.#phone.react = (request) => {
      fleet.#took(request);
      return 200;
    };
    for (let i = 0; i < size; i++) {
      const user = `u${i}`;
      fleet.members.set(user, { user, notifies: [], callId: '' });
    }
    return fleet;
  }

  /** Every phone subscribes, some at a time; resolves when each has its first NOTIFY. */
  async subscribe(): Promise<void> {
    await inTurns([...this.members.values()], (member) => this.#subscribe(member));
    await this.all((member) => member.notifies.length > 0);
  }

  /** Publishes for each of these users. */
  publish(items: readonly (readonly [string, string])[], from: string): Promise<void> {
    return inTurns(items, async ([user, body]) => {
      const aor = `${user}@example.org`;
      const answer = await this.#phone.request(
        'PUBLISH',
        `sip:${aor}`,
        aor,
        {
          From: `<sip:${from}@example.org>;tag=${randomBytes(4).toString('hex')}`,
          CSeq: `${++this.#cseq} PUBLISH`,
          Event: 'message-summary',
          'Content-Type': TYPE,
        },
        Buffer.from(body),
      );
      if (answer.status !== 200) throw new Error(`PUBLISH for ${user}: ${answer.start}`);
    });
  }

  /** Waits until it is so for every phone. */
  all(so: (member: Member) => boolean): Promise<void> {
    return until(() => {
      const left = [...this.members.values()].filter((member) => !so(member));
      if (left.length === 0) return;
      const got = left[0]?.notifies.map((notify) => [stateOf(notify), notify.text]);
      throw new Error(
        `${left.length} of ${this.members.size} phones, such as ${left[0]?.user} with ${JSON.stringify(got)}`,
      );
    }, 2 * LONG);
  }

  /** The smallest time between two NOTIFYs of one subscription, ms; and whether a CSeq ever failed to rise. */
  pace(): { readonly least: number; readonly fallen: number } {
    let least = Infinity;
    let fallen = 0;
    for (const { notifies } of this.members.values()) {
      const last = new Map<string, Sip>();
      for (const notify of notifies) {
        const before = last.get(notify.header('Call-ID'));
        if (before) {
          least = Math.min(least, notify.at - before.at);
          if (numberOf(notify) <= numberOf(before)) fallen++;
        }
        last.set(notify.header('Call-ID'), notify);
      }
    }
    return { least, fallen };
  }

  /** What they send from now on goes there. */
  moveTo(server: PhoneOptions['server']): void {
    this.#phone.moveTo(server);
  }

  close(): void {
    this.#closed = true;
    this.#phone.close();
  }

  #took(request: Sip): void {
    const user = /^NOTIFY sip:([^@]+)@/.exec(request.start)?.[1] ?? '';
    const member = this.members.get(user);
    if (!member) return;
    member.notifies.push(request);
    const state = stateOf(request);
    if (state === 'terminated;reason=deactivated' && request.header('Call-ID') === member.callId) {
      this.away++;
      void this.#subscribe(member).finally(() => this.away--);
    }
  }

  async #subscribe(member: Member): Promise<void> {
    const aor = `${member.user}@example.org`;
    while (!this.#closed) {
      const callId = randomBytes(8).toString('hex');
      const answer = await this.#phone
        .request('SUBSCRIBE', `sip:${aor}`, aor, {
          From: `<sip:${aor}>;tag=${randomBytes(4).toString('hex')}`,
          'Call-ID': (member.callId = callId),
          Contact: this.#phone.contact.replace('fleet@', `${member.user}@`),
          Event: 'message-summary',
          Expires: '3600',
        })
        .catch(() => undefined);
      if (answer?.status === 200) return;
      if (answer && answer.status !== 503) throw new Error(`SUBSCRIBE of ${member.user}: ${answer.start}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Not all at once: a socket has only so much room for answers. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 50 }, worker));
}
