/** What a session tells of a message: each attempt, and its end. */
import { logger } from '../../../base/log.ts';
import type { Binding } from '../../../sip/read/binding.ts';
import type { Lease } from '../../../stores/contract/leases.ts';
import type { End, Message } from '../../../stores/contract/message.ts';
import type { MessageStore } from '../../../stores/contract/messages.ts';
import type { SiloEmitter } from '../../state/events.ts';
import type { Failure } from '../attempt.ts';

const log = logger('silo:lane');

/** How a session can end a message. */
export interface SessionOutcome extends End {
  readonly outcome: 'delivered' | 'dead';
}

export function recordAttempt(
  events: Pick<SiloEmitter, 'emit'>,
  { box, key, id }: Message,
  { contact }: Binding,
  { answer: { status, reason }, verdict }: Failure,
): void {
  log.debug(`${box}: message ${id} to ${contact}: ${status} ${reason} (${verdict})`);
  events.emit('attempt', { box, key, contact, status, reason, verdict });
}

/** False when it was not ours to end: the lease is stale, or it has ended by other means. A new look tells which. */
export async function settle(
  {
    store,
    events,
  }: { readonly store: Pick<MessageStore, 'settle'>; readonly events: Pick<SiloEmitter, 'emit'> },
  lease: Lease,
  message: Message,
  end: SessionOutcome,
): Promise<boolean> {
  if (!(await store.settle(lease, message, end))) return false;
  events.emit('ended', { box: message.box, key: message.key, ...end, message });
  return true;
}
