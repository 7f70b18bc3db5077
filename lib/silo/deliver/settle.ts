/** What a lane tells of a message: each attempt, and its end. */
import { logger } from '../../base/log.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { Message } from '../../stores/contract/message.ts';
import type { Lease } from '../../stores/contract/leases.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { Verdict } from '../state/outcome.ts';

const log = logger('silo:lane');

export function recordAttempt(
  events: SiloEmitter,
  { box, key, id }: Message,
  { contact }: Binding,
  { status, reason }: Pick<Answer, 'status' | 'reason'>,
  verdict: Verdict,
): void {
  log.debug(`${box}: message ${id} to ${contact}: ${status} ${reason} (${verdict})`);
  events.emit('attempt', { box, key, contact, status, reason, verdict });
}

/** False when it was not ours to end: the lease is stale, or somebody else ended it. A new look tells which. */
export async function settle(
  { store, events }: { readonly store: Store; readonly events: SiloEmitter },
  lease: Lease,
  message: Message,
  outcome: 'delivered' | 'dead',
  status: number,
  reason: string,
): Promise<boolean> {
  if (!(await store.settle(lease, message, { outcome, status, reason }))) return false;
  events.emit('ended', { box: message.box, key: message.key, outcome, status, reason, message });
  return true;
}
