/** What a program of the host app has waiting for a mailbox: a source of the lamp beside those that publish by SIP. */
import type { ContextClass, Counts } from '../summary/summary.ts';

/** As a PUBLISH, with the same rules. */
export interface LampSource {
  /** Whose lamp: an AoR (`bob@example.org`) or a URI; of a domain that is served here. */
  readonly mailbox: string;
  /** Its name among the sources of this mailbox: letters, digits, `.`, `-` and `_`. `mwiPriority` may name it. */
  readonly source: string;
  /** What waits, by class (RFC 3842), such as `{ 'Voice-Message': { new: 2, old: 1 } }`; null: this source has nothing to say any more. */
  readonly counts: Readonly<Partial<Record<ContextClass, Counts>>> | null;
  /** Default: whether anything in `counts` is new. */
  readonly waiting?: boolean | undefined;
  /** Message-Account, a URI. */
  readonly account?: string | undefined;
  /** Seconds for which this holds, unless it is said again; 0 is as `counts: null`. Default `defaultPublication`, the most `maxPublication`. */
  readonly expires?: number | undefined;
}

export interface Published {
  /** Canonical AoR. */
  readonly mailbox: string;
  readonly source: string;
  /** Seconds for which it holds; 0: it is removed. */
  readonly expires: number;
  /** Is it something that watchers could see? They are told at once. */
  readonly changed: boolean;
}

/**
 * Takes the place of what this source has said before; one that other nodes have heard of outlives a restart.
 *
 * @throws SiloError with the status and the sentence that a PUBLISH would get (404 no such mailbox, 423 too short, 500 with `retryAfter` too
 *   many, 503); `SILO_USAGE` (400) for an argument that can't be read
 */
export type Publish = (source: LampSource) => Promise<Published>;
