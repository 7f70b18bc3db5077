/** The end of a message that a lane serves. */
import type { Lease, Message, Store } from '../stores/store.ts';
import type { SiloEmitter } from './events.ts';

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
