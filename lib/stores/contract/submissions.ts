/** The part of a store that knows what programs have asked to be sent, by the names that they gave it: hashes, no address and no text. */

/** One message that a program sends. */
export interface Submitting {
  /** SHA-256 of its idempotencyKey. */
  readonly name: string;
  /** SHA-256 of all that was asked. */
  readonly content: string;
  /** The process that works on it. */
  readonly owner: string;
  /** Since when, epoch seconds. */
  readonly since: number;
}

export interface SubmissionEnd {
  readonly outcome: 'delivered' | 'stored';
  /** Row of the message, 0 when it needed none. */
  readonly id: number;
}

/** What is known of a name; without an outcome somebody works on it, or died of it. */
export interface KnownSubmission extends Submitting {
  readonly end: SubmissionEnd | undefined;
}

export interface SubmissionStore {
  /** Takes the name. Undefined: it was free; else what is known of it, and nothing has changed. */
  beginSubmission(submitting: Submitting): Promise<KnownSubmission | undefined>;
  /** Takes it from one that has not ended it. False: somebody else was faster, or it has ended. */
  takeSubmission(from: Submitting, to: Pick<Submitting, 'owner' | 'since'>): Promise<boolean>;
  /** Says what became of it. */
  endSubmission(name: string, end: SubmissionEnd): Promise<void>;
  /** Nothing came of it: the name is free again, unless it has ended or is somebody else's. */
  dropSubmission(name: string, owner: string): Promise<void>;
  /** Forgets at most `limit` that were begun before `before`; returns how many. */
  forgetSubmissions(before: number, limit: number): Promise<number>;
}
