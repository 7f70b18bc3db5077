/** Lamps: many that subscribe at once, that renew, and that are told of a mailbox that has changed. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Ground, Outcome, Workload } from '../model.ts';
import type { Phones } from '../load/sipp.ts';
import { freePort } from '../../../test/support/free-port.ts';
import { noteOf, quantile, times } from './figures.ts';
import { reached } from './patience.ts';

/** What the mailboxes say before, when the rate is looked for, and when it counts. */
const BEFORE = [2, 4, 6];
const BETWEEN = 3;
const NOW = 5;
const QUIET_MS = 1_200;

export const storm: Workload = {
  id: 'storm',
  title: 'SUBSCRIBE storm',
  unit: 'lamps/s',
  run: async (ground) => {
    const { sizes, measured } = ground;
    const lamps = await crowd(ground, 'warm', sizes.lit);
    await lamps.subscribe();
    const more = await crowd(ground, 'lamp', sizes.storm);
    return outcomeOf(await measured(() => more.subscribe()), sizes.storm);
  },
};

export const renew: Workload = {
  id: 'renew',
  title: 'refresh of subscriptions',
  unit: 'lamps/s',
  run: async (ground) => {
    const { sizes, measured } = ground;
    const lamps = await crowd(ground, 'lamp', sizes.renewing);
    await lamps.subscribe();
    await lamps.subscribe();
    return outcomeOf(await measured(() => lamps.subscribe()), sizes.renewing);
  },
};

export const publish: Workload = {
  id: 'publish',
  title: 'PUBLISH to NOTIFY, many watchers',
  unit: 'lamps/s',
  run: async (ground) => {
    const lamps = await lit(ground);
    return told(await ground.measured(() => lamps.publish(NOW)), ground.sizes.watchers);
  },
};

export const lampLatency: Workload = {
  id: 'lamp-latency',
  title: 'time to lamp at half load, p99',
  unit: 'ms',
  lower: true,
  run: async (ground) => {
    const lamps = await lit(ground);
    const full = await lamps.publish(BETWEEN);
    await pause(QUIET_MS);
    const rate = Math.max(10, rateOfSeen(full) / 2);
    const { facts, count } = told(
      await ground.measured(() => lamps.publish(NOW, rate)),
      ground.sizes.watchers,
    );
    return { figure: facts.lampP99, count, facts: { ...facts, rate } };
  },
};

/** Watchers that have been told something, and are quiet again: who has just heard something would wait for the rest of a second. */
async function lit(ground: Ground) {
  const lamps = await crowd(ground, 'lamp', ground.sizes.watchers);
  await lamps.subscribe();
  for (const count of BEFORE) {
    await lamps.publish(count);
    await pause(QUIET_MS);
  }
  return lamps;
}

/** With the time from each PUBLISH to its NOTIFY. */
function told(seen: Seen, count: number) {
  const outcome = outcomeOf(seen, count);
  const lamp = { lampP50: quantile(seen.took, 0.5), lampP99: quantile(seen.took, 0.99) };
  return { ...outcome, facts: { ...outcome.facts, ...lamp } };
}

/** A note of what the server calls it. */
const TAG = /^tag (\S+) (.*)$/;

interface Seen {
  readonly began: number;
  readonly last: number;
  /** Lamps that were told, and from each request to its NOTIFY, ms. */
  readonly told: number;
  readonly took: readonly number[];
  readonly failed: number;
  readonly repeats: number;
}

function outcomeOf({ began, last, told, failed, repeats }: Seen, count: number): Outcome {
  return {
    figure: rateOfSeen({ began, last, told }),
    count,
    facts: { missing: count - told, failed, repeats },
  };
}

function rateOfSeen({ began, last, told }: Pick<Seen, 'began' | 'last' | 'told'>): number {
  return (1000 * told) / Math.max(last - began, 1);
}

/** So many lamps with a mailbox each. */
async function crowd({ sipp, sizes }: Ground, name: string, count: number) {
  // They stay where they are.
  const port = await freePort();
  /** Number of a call -> the server's tag. */
  const tags = new Map<number, string>();
  let cseq = 0;
  /** They stay: a NOTIFY whose answer was lost is said again, and waited for by those behind it. */
  let phones: Phones | undefined;
  /** Mailbox -> the entity-tag of what was published. */
  const etags = new Map<string, string>();
  return {
    async subscribe(): Promise<Seen> {
      const loaded = await sipp.load({
        scenario: 'subscribe',
        calls: count,
        open: sizes.open,
        fields: times(count, (index) => [`${name}${index}`, tags.get(index + 1) ?? '']),
        keys: { first: ++cseq, tagged: tags.size === 0 ? '' : ';tag=' },
        name,
        port,
      });
      const told = new Map<string, number>();
      for (const line of loaded.notes) {
        const [, number, tag] = TAG.exec(line) ?? [];
        if (tag !== undefined) {
          tags.set(Number(number), tag);
          continue;
        }
        const { at, what } = noteOf(line);
        told.set(what, at);
      }
      return seen(loaded, told, new Map());
    },
    /** @param rate a second; without, as many as are answered */
    async publish(messages: number, rate?: number): Promise<Seen> {
      phones ??= await sipp.phones('watcher', port);
      const said = String(messages);
      const heard = new Heard(phones, said);
      const loaded = await sipp.load({
        scenario: 'publish',
        calls: count,
        ...(rate === undefined ? { open: sizes.open } : { rate }),
        fields: times(count, (index) => [`${name}${index}`, said, etags.get(`${name}${index}`) ?? 'none']),
        keys: { condition: etags.size === 0 ? 'X-Before' : 'SIP-If-Match' },
      });
      await reached(count, () => heard.look().size);
      const sent = new Map<string, number>();
      for (const line of loaded.notes) {
        const [, mailbox, etag] = TAG.exec(line) ?? [];
        if (mailbox !== undefined && etag !== undefined) {
          etags.set(mailbox, etag);
          continue;
        }
        const { at, what } = noteOf(line);
        sent.set(what.split(' ')[0] ?? '', at);
      }
      return seen(loaded, heard.look(), sent);
    },
  };
}

function seen(
  { began, failed, repeats }: { began: number; failed: number; repeats: number },
  heard: ReadonlyMap<string, number>,
  sent: ReadonlyMap<string, number>,
): Seen {
  const times = [...heard.values()];
  return {
    began,
    last: times.reduce((latest, at) => Math.max(latest, at), began),
    told: heard.size,
    took: [...heard].flatMap(([lamp, at]) => {
      const asked = sent.get(lamp);
      return asked === undefined ? [] : [at - asked];
    }),
    failed,
    repeats,
  };
}

/** Which lamps have heard it, and when for the first time. */
class Heard {
  readonly #phones: Phones;
  readonly #wanted: string;
  readonly #first = new Map<string, number>();
  #read = 0;

  /** @param wanted what they must have heard */
  constructor(phones: Phones, wanted: string) {
    this.#phones = phones;
    this.#wanted = wanted;
  }

  look(): ReadonlyMap<string, number> {
    const notes = this.#phones.notes();
    for (; this.#read < notes.length; this.#read++) {
      const { at, what } = noteOf(notes[this.#read] ?? '');
      const [lamp = '', count] = what.split(' ');
      if (!this.#first.has(lamp) && count === this.#wanted) this.#first.set(lamp, at);
    }
    return this.#first;
  }
}
