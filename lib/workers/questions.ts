/** What the first process and its workers ask each other. All of it is plain data. */
import type { Readiness } from '../admin/health/readiness.ts';
import type { PlainMetrics } from '../admin/metrics/several.ts';
import type { Serving } from '../app/serving.ts';
import type { Registration } from '../sip/read/registration.ts';
import type { Assignment } from './assignment.ts';

/** What a worker answers. */
export interface OfWorker {
  /** Starts the application; the answer comes when it serves. A refusal is the sentence that says why it can't. */
  readonly start: readonly [Assignment, Serving];
  /** Stops it, gracefully; then the process ends. */
  readonly stop: readonly [undefined, undefined];
  readonly ping: readonly [undefined, undefined];
  readonly readiness: readonly [undefined, Readiness];
  readonly metrics: readonly [undefined, PlainMetrics];
  /** Others have taken these REGISTERs. */
  readonly registered: readonly [readonly Registration[], undefined];
}

/** What the first process answers: for all of them. */
export interface OfService {
  /** The worker listens: what is sent to one that does not yet is lost. */
  readonly here: readonly [undefined, undefined];
  /** The application of this worker is connected: nothing in the configuration is wrong. */
  readonly connected: readonly [undefined, undefined];
  readonly readiness: readonly [undefined, Readiness];
  readonly metrics: readonly [undefined, string];
  /** REGISTERs that this worker has taken, for the others. */
  readonly registered: readonly [readonly Registration[], undefined];
}
