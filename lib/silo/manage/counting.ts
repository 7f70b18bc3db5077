/**
 * Counts boxes aside, for the lists of an operator: those to which something came or from which something went, some at a time, and now and
 * then all. Whoever accepts or delivers a message only notes the name of its box. The database works for this a fiftieth of the time at the
 * most, so a list is seconds behind when little happens, and minutes behind under full load.
 *
 *   new ──start──► idle ──timer──► counting ──► idle        idle, counting ──close──► closed
 */
import { BoundedSet } from '../../base/bounded-map.ts';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { BoxStore } from '../../stores/contract/boxes.ts';
import type { MessageStore } from '../../stores/contract/messages.ts';

const log = logger('silo:boxes');

/** Boxes that are noted; the round through all finds what is forgotten. */
const MOST_NOTED = 200_000;
/** Boxes of one transaction: as many as are counted in some ms, at most these. */
const [FEWEST, MOST] = [1, 500];
const LONG_MS = 40;
const SHORT_MS = 10;
/** How much longer it rests than it works: while all are counted for the first time, and from then on. */
const [FIRST_REST, REST] = [4, 50];
const REST_MS = 1000;
/** After a store that was away. */
const AWAY_MS = 5000;
/** Seconds after which all boxes are counted again: what another program or a node that died has left. */
const ROUND = 600;
/** Noted boxes that a list waits for, and those that the end of the process waits for. */
const FRESH = 100;
const AT_CLOSE = 2000;

export interface CountingContext {
  readonly store: Pick<BoxStore, 'boxPage' | 'boxTotals' | 'countBoxes' | 'allCounted'> &
    Pick<MessageStore, 'boxes'>;
  readonly now: () => number;
  /** Milliseconds that it rests at least. */
  readonly rest?: number;
}

export class BoxCounting {
  readonly #context: CountingContext;
  readonly #shortest: number;
  readonly #noted = new BoundedSet<string>(MOST_NOTED, 'recounted-boxes');
  #size = FEWEST;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #state: 'new' | 'open' | 'closed' = 'new';
  /** Where the round through all boxes goes on; undefined: none is under way. */
  #after: string | undefined;
  #counted = 0;

  constructor(context: CountingContext) {
    this.#context = context;
    this.#shortest = context.rest ?? REST_MS;
  }

  /** Something came to this box, or went from it. */
  note(box: string): void {
    if (!this.#noted.has(box)) this.#noted.add(box);
  }

  /** It has been counted, and there is nothing left. */
  forget(box: string): void {
    this.#noted.delete(box);
  }

  start(): void {
    if (this.#state !== 'new') return;
    this.#state = 'open';
    this.#rest(this.#shortest);
  }

  /** Counts what was noted a moment ago, so that who asks after what he has done sees it. */
  async fresh(): Promise<void> {
    // What is being counted just now is noted no more.
    await this.#working;
    await this.#countNoted(FRESH);
  }

  /** Counts all boxes, one page after the other; tells how many there were so far. Without a running application nobody else does. */
  async all(progress: (boxes: number) => void = () => undefined): Promise<number> {
    let boxes = 0;
    for (let after: string | undefined = ''; after !== undefined; after = this.#after) {
      boxes += await this.#page(after);
      progress(boxes);
    }
    return boxes;
  }

  /** What was noted is counted, so that it is right while no node runs. */
  async close(): Promise<void> {
    this.#state = 'closed';
    clearTimeout(this.#timer);
    await this.#working;
    await this.#countNoted(AT_CLOSE).catch((error: unknown) =>
      log.debug(`boxes were not counted at the end: ${textOf(error)}`),
    );
  }

  #rest(ms: number): void {
    if (this.#state !== 'open') return;
    this.#timer = setTimeout(() => {
      this.#working = this.#work();
    }, ms);
    this.#timer.unref();
  }

  async #work(): Promise<void> {
    const began = performance.now();
    try {
      if ((await this.#countNoted(1)) === 0) await this.#goOn();
      const rest = this.#counted === 0 ? FIRST_REST : REST;
      this.#rest(Math.max(this.#shortest, (performance.now() - began) * rest));
    } catch (error) {
      log.debug(`boxes could not be counted: ${textOf(error)}`);
      this.#rest(AWAY_MS);
    }
  }

  /** Counts noted boxes, a batch after the other, until at least so many are done or none is left; returns how many. */
  async #countNoted(most: number): Promise<number> {
    let done = 0;
    while (done < most && this.#noted.size > 0) {
      const batch = this.#take();
      done += batch.length;
      try {
        await this.#count(batch);
      } catch (error) {
        for (const box of batch) this.#noted.add(box);
        throw error;
      }
    }
    return done;
  }

  /** The boxes that were noted first. */
  #take(): readonly string[] {
    const batch: string[] = [];
    for (const box of this.#noted) {
      if (batch.length === this.#size) break;
      batch.push(box);
    }
    for (const box of batch) this.#noted.delete(box);
    return batch;
  }

  async #count(boxes: readonly string[]): Promise<void> {
    const began = performance.now();
    await this.#context.store.countBoxes(boxes);
    const took = performance.now() - began;
    if (took > LONG_MS) this.#size = Math.max(FEWEST, Math.floor(this.#size / 2));
    else if (took < SHORT_MS) this.#size = Math.min(MOST, this.#size * 2);
  }

  /** A page of the round through all boxes; a new round begins when the last one, of whichever node, is long ago. */
  async #goOn(): Promise<void> {
    if (this.#after === undefined) {
      const due = () => this.#context.now() >= this.#counted + ROUND;
      if (!due()) return;
      // Another node may have done it.
      this.#counted = (await this.#context.store.boxTotals('')).counted;
      if (!due()) return;
      this.#after = '';
    }
    await this.#page(this.#after);
  }

  /** Boxes that hold mail, and those that did when they were counted last. */
  async #page(after: string): Promise<number> {
    const { store, now } = this.#context;
    const size = Math.max(this.#size, 50);
    const [held, known] = await Promise.all([
      store.boxes(after, size),
      store.boxPage('name', '', size, { box: after, messages: 0, firstId: 0 }),
    ]);
    const pages = [held, known.map(({ box }) => box)];
    // What is behind the end of a full page is not known yet.
    const ends = pages.filter((page) => page.length === size).map((page) => page.at(-1) ?? '');
    const end = ends.sort(byBytes)[0];
    const boxes = [...new Set(pages.flat())].filter((box) => end === undefined || byBytes(box, end) <= 0);
    if (boxes.length > 0) await this.#count(boxes);
    this.#after = end;
    if (end !== undefined) return boxes.length;
    this.#counted = now();
    await store.allCounted(this.#counted);
    return boxes.length;
  }
}

/** As both databases order text. */
function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
