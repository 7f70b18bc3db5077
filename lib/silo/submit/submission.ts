/** A message that a program of the host app sends, and what it hears of it. */

/** As a phone's MESSAGE, with the same rules. */
export interface Submission {
  /** Who writes: an AoR (`bob@example.org`), a URI, or one with a name (`"Bob" <sip:bob@example.org>`). */
  readonly from: string;
  /** Whom it is for, in the same spellings; of a domain that is served here. */
  readonly to: string;
  /** Default: `text/plain;charset=utf-8`. */
  readonly contentType?: string | undefined;
  /** Text, or bytes that are text in UTF-8. */
  readonly body?: string | Uint8Array | undefined;
  /** Seconds for which it may wait; 0: now or not at all (480). Default, and the most: the option `expireTime`. */
  readonly expires?: number | undefined;
  /** Not before this time: ISO 8601 with its zone, a Date, or epoch seconds. */
  readonly sendAt?: string | number | Date | undefined;
  /** End-to-end headers beside those, such as `Subject` or `Priority`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * The name of this message among all that programs send by this database: asked for again, it is not sent again and has the same
   * answer. Remembered as long as the ledger (`keepLedger`).
   */
  readonly idempotencyKey?: string | undefined;
}

/** What became of it. Refusals are thrown. */
export interface Submitted {
  /** A device has it; or it is committed, and waits. */
  readonly outcome: 'delivered' | 'stored';
  /** It had been asked for before with this idempotencyKey: nothing was done anew. */
  readonly repeated: boolean;
  /** Canonical AoR of the recipient. */
  readonly box: string;
  /** Its identity in events and in the ledger. */
  readonly key: string;
  /** The row in which it waits; 0: none was needed. */
  readonly id: number;
  /** By this it is found in logs. */
  readonly callId: string;
}

/**
 * Sends it to the devices that are registered now; where none takes it, or mail waits already, it goes into the box.
 *
 * @throws SiloError with the status and the sentence that a phone would get (404 not served here, 413, 415, 480 no room or too much of
 *   one sender, 503 with `retryAfter`); `SILO_USAGE` (400) for an argument that can't be read; `SILO_CONFLICT` (400) for an idempotencyKey
 *   that another message has
 */
export type Submit = (submission: Submission) => Promise<Submitted>;
