/** The answer to a request of ours that never left, or of which nothing was heard. */
import type { Answer } from './messages.ts';

export type LocalFailure = NonNullable<Answer['failure']>;

const STATUS: Readonly<Record<LocalFailure, number>> = {
  target: 404,
  unsendable: 400,
  refused: 503,
  'no-dialog': 481,
  disconnected: 503,
  timeout: 408,
};

export function localAnswer(failure: LocalFailure, reason: string): Answer {
  return { status: STATUS[failure], reason, origin: 'local', failure, header: () => undefined };
}
