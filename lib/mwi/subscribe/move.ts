/** The subscriptions of one dialog move together, since they share its target. */
import type { ServedSubscription } from '../notify/subscription.ts';
import type { SubscribeContext } from './context.ts';
import type { Place } from './read.ts';

/** Also in the rows: who reads them after us must find the phone. */
export async function moveAll(
  { store }: SubscribeContext,
  subscriptions: readonly ServedSubscription[],
  place: Place,
): Promise<void> {
  for (const subscription of subscriptions) {
    subscription.learn({ ...place, moved: true });
    await store.refreshSubscription(subscription.row.id, subscription.row);
  }
}
