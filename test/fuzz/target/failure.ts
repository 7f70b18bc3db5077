/** What must never be. */
import type { Input } from '../inputs.ts';

type FailureKind =
  | 'the application ended'
  | 'the application does not start'
  | 'the application does not stop'
  | 'the server does not listen'
  | 'too much memory'
  | 'a stack trace'
  | 'no answer'
  | 'a broken request'
  | 'the canary message'
  | 'the canary lamp'
  | 'a bad error'
  | 'a secret was told';

export interface Failure {
  readonly kind: FailureKind;
  /** What was seen. */
  readonly seen: string;
  /** Who may have done it, where that is known. */
  readonly suspects?: readonly Input[];
}
