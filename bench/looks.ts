/** How long a node looks at large tables: at its start, and for each message. */
import { openStore } from '../lib/stores/open.ts';
import { rateOf, type Rate } from './figures.ts';

export interface Looks {
  readonly boxes: number;
  /** Seconds in which a node that starts has read which boxes have mail. */
  readonly start: number;
  /** Messages of one box; does a box hold mail; devices of an AoR; what another node has inserted. */
  readonly waiting: Rate;
  readonly holdsMail: Rate;
  readonly bindings: Rate;
  readonly tail: Rate;
}

const TIMES = 1000;
const PAGE = 1000;

/** @param url a database with the rows of `table-sizes.ts` */
export async function looks(url: string, rows: number): Promise<Looks> {
  const store = await openStore(url);
  const now = 1_900_000_000;
  const anyone = () => `user${1 + Math.floor(Math.random() * rows)}@sip.example.org`;
  const time = async (look: () => Promise<unknown>): Promise<Rate> => {
    const durations: number[] = [];
    const start = performance.now();
    for (let count = 0; count < TIMES; count++) {
      const asked = performance.now();
      await look();
      durations.push(performance.now() - asked);
    }
    return rateOf(durations, (performance.now() - start) / 1000);
  };
  try {
    const begun = performance.now();
    let boxes = 0;
    for (let after = ''; ;) {
      const page = await store.boxes(after, PAGE);
      const last = page.at(-1);
      if (last === undefined) break;
      after = last;
      boxes += page.length;
      await store.registeredAmong(page, now);
    }
    const start = (performance.now() - begun) / 1000;
    const lastId = await store.lastId();
    return {
      boxes,
      start,
      waiting: await time(() => store.waiting(anyone(), now, 20)),
      holdsMail: await time(() => store.holdsMail(anyone(), now)),
      bindings: await time(() => store.bindings(anyone(), now)),
      tail: await time(() => store.tail(lastId - 100, PAGE)),
    };
  } finally {
    await store.close();
  }
}
