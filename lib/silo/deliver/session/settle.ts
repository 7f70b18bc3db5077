/** What a session tells of a message: each attempt, and its end. */
import { logger } from '../../../base/log.ts';
import type { Binding } from '../../../sip/read/binding.ts';
import type { Lease } from '../../../stores/contract/leases.ts';
import type { End, Message } from '../../../stores/contract/message.ts';
import type { MessageStore } from '../../../stores/contract/messages.ts';
import type { SiloEmitter } from '../../state/events.ts';
import { fieldsOf } from '../../state/log-fields.ts';
import type { SiloSettings } from '../../state/options.ts';
import type { Failure } from '../attempt.ts';
import { callIdOf } from '../outgoing-message.ts';

const log = logger('silo:lane');

/** How a session can end a message. */
export interface SessionOutcome extends End {
  readonly outcome: 'delivered' | 'dead';
}

interface Telling {
  readonly events: Pick<SiloEmitter, 'emit'>;
  readonly settings: Pick<SiloSettings, 'node'>;
}

export function recordAttempt(
  { events, settings }: Telling & { readonly settings: Pick<SiloSettings, 'reuseCallId'> },
  message: Message,
  { contact }: Binding,
  { answer: { status, reason }, verdict }: Failure,
): void {
  const { box, key, id } = message;
  log.debug(`${box}: message ${id} to ${contact}: ${status} ${reason} (${verdict})`, {
    ...fieldsOf(message, settings),
    ...{ contact, sentAs: callIdOf(message, settings), status },
  });
  events.emit('attempt', { box, key, contact, status, reason, verdict });
}

/** False when it was not ours to end: the lease is stale, or it has ended by other means. A new look tells which. */
export async function settle(
  { store, events, settings }: Telling & { readonly store: Pick<MessageStore, 'settle'> },
  lease: Lease,
  message: Message,
  end: SessionOutcome,
): Promise<boolean> {
  if (!(await store.settle(lease, message, end))) return false;
  log.debug(`${message.box}: message ${message.id} has ended: ${end.outcome} (${end.reason})`, {
    ...fieldsOf(message, settings),
    status: end.status,
  });
  events.emit('ended', { box: message.box, key: message.key, ...end, message });
  return true;
}
