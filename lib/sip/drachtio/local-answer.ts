/** Answers to requests of ours that no peer gave: nothing was sent, or nothing came back in time. */
import type { Answer } from './messages.ts';

export type LocalFailure = NonNullable<Answer['failure']>;

const STATUS: Readonly<Record<LocalFailure, number>> = {
  target: 404,
  unsendable: 400,
  refused: 503,
  'no-dialog': 481,
  disconnected: 503,
  timeout: 408,
  withdrawn: 408,
};

export function localAnswer(failure: LocalFailure, reason: string): Answer {
  return { status: STATUS[failure], reason, origin: 'local', failure, header: () => undefined };
}

/** As drachtio-server says it of a place that it can't reach: what was to be sent waits. */
export function unreachedAnswer(reason: string): Answer {
  return { status: 503, reason, origin: 'stack', header: () => undefined };
}
