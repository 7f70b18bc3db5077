/**
 * The look through all boxes with mail that a process begins with. It serves meanwhile: two hundred thousand boxes take seconds to read,
 * and until they are read each box counts as one with mail.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';

const log = logger('silo:clock');

/** Milliseconds until a page that could not be read is tried again. */
const PATIENCE = 1_000;

export interface FirstScanContext {
  /** Reads the boxes behind this one, and wakes those that can be woken. */
  readonly page: (after: string) => Promise<readonly string[]>;
  /** Boxes of a page; one that has fewer is the last. */
  readonly size: number;
  /** All were read. */
  readonly done: () => void;
  /** Default: {@link PATIENCE}. */
  readonly patience?: number;
}

export interface FirstScan {
  /** Resolves when the first page was read; the others follow. @throws what reading the first page throws */
  start(): Promise<void>;
  /** Reads no more, and waits for the page that is being read. */
  close(): Promise<void>;
}

export function createFirstScan({ page, size, done, patience = PATIENCE }: FirstScanContext): FirstScan {
  const closing = new AbortController();
  let rest = Promise.resolve();

  /** @returns where the next page begins; undefined: there is none */
  async function next(after: string): Promise<string | undefined> {
    const boxes = await page(after);
    return boxes.length < size ? undefined : boxes.at(-1);
  }

  async function readOn(from: string): Promise<void> {
    let failing = false;
    for (let after: string | undefined = from; after !== undefined;) {
      if (closing.signal.aborted) return;
      try {
        after = await next(after);
        failing = false;
      } catch (error) {
        if (!failing) log.error(`which boxes have mail is still being read: ${textOf(error)}`);
        failing = true;
        await sleep(patience, undefined, { signal: closing.signal, ref: false }).catch(() => undefined);
      }
    }
    done();
  }

  return {
    start: async () => {
      const after = await next('');
      if (after === undefined) done();
      else rest = readOn(after);
    },
    close: () => {
      closing.abort();
      return rest;
    },
  };
}
