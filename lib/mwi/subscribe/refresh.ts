/** A SUBSCRIBE that goes on with a subscription, or ends it (RFC 6665 4.2.1.2). */
import type { SubscriptionRefresh } from '../../stores/contract/mwi.ts';
import type { ServedSubscription } from '../notify/subscription.ts';
import { grant } from './answer.ts';
import type { Asked, SubscribeContext } from './context.ts';
import { moveAll } from './move.ts';
import { hasMoved, placeOf } from './read.ts';

export async function refresh(
  context: SubscribeContext,
  asked: Asked,
  subscription: ServedSubscription,
  lifetime: number,
): Promise<void> {
  const { port, store, served, subscriptions, now } = context;
  const { req, res, dialog } = asked;
  const { row } = subscription;
  const time = now();
  const place = placeOf(req);
  const changed: SubscriptionRefresh = {
    ...place,
    moved: hasMoved(row, place),
    remoteCseq: dialog.cseq,
    localCseq: Math.max(subscription.cseq, row.localCseq),
    expires: time + lifetime,
    updated: time,
  };
  learnCseq(subscription, asked);
  if (!(await store.refreshSubscription(row.id, changed))) {
    // Another node has replaced it.
    port.respond(res, 481);
    subscriptions.end(subscription, 'noresource');
    return;
  }
  subscription.learn(changed);
  if (changed.moved) {
    const others = served.inDialog(dialog).filter((other) => other !== subscription);
    await moveAll(context, others, place);
  }
  await grant(context, asked, { lifetime, contact: row.contact });
  subscription.answered();
}

/** `Expires: 0`. */
export async function unsubscribe(
  context: SubscribeContext,
  asked: Asked,
  subscription: ServedSubscription,
): Promise<void> {
  const { store, subscriptions } = context;
  const { id, contact } = subscription.row;
  // Refuses a request without a Contact, as a refresh does.
  placeOf(asked.req);
  learnCseq(subscription, asked);
  await store.unsubscribe([id]);
  await grant(context, asked, { lifetime: 0, contact });
  subscriptions.end(subscription, 'timeout');
}

/** At once, so that an older SUBSCRIBE that is on its way can't undo this one. */
function learnCseq(subscription: ServedSubscription, { dialog }: Asked): void {
  subscription.learn({ remoteCseq: dialog.cseq });
}
