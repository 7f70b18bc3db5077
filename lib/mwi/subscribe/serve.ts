/** A new subscription: committed, answered, told, and what it replaces is ended. */
import type { Subscription } from '../../stores/contract/mwi.ts';
import { grant, type Granted } from './answer.ts';
import type { Asked, SubscribeContext } from './context.ts';

export async function serve(
  context: SubscribeContext,
  asked: Asked,
  row: Subscription,
  granted: Granted,
): Promise<void> {
  const subscription = context.subscriptions.create(row);
  // Stored before it is answered: a 2xx is a promise.
  const replaced = await context.store.subscribe(row);
  subscription.stored();
  if (!(await grant(context, asked, granted))) {
    subscription.unanswered();
    return;
  }
  subscription.answered();
  context.subscribed(row.mailbox, row);
  for (const old of replaced) endReplaced(context, old);
}

/** The same device has watched the same mailbox by this subscription. */
function endReplaced({ served, subscriptions, settings }: SubscribeContext, row: Subscription): void {
  // The phone came back because it has just been sent away: no second last NOTIFY.
  if (subscriptions.hasEnded(row.id)) return;
  // One of an earlier run of this node is not served; its dialog at drachtio-server must end all the same.
  const old = served.get(row.id) ?? (row.node === settings.node ? subscriptions.create(row) : undefined);
  // No reason that makes a phone come back: it would replace its own new subscription.
  if (old) subscriptions.end(old, 'noresource');
}
