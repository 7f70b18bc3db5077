/** Answers to a NOTIFY, as the port gives them. */
import type { Answer } from '../../../lib/sip/drachtio/messages.ts';

export function answerOf(
  status: number,
  rest: Partial<Answer> = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, reason: '', origin: 'peer', header: (name) => headers[name], ...rest };
}

/** drachtio-server has no such dialog. */
export const NO_DIALOG = answerOf(481, { origin: 'local', failure: 'no-dialog' });
/** The connection to drachtio-server was lost while the answer was out. */
export const DISCONNECTED = answerOf(503, { origin: 'local', failure: 'disconnected' });
