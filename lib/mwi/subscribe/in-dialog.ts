/** A SUBSCRIBE in a dialog of ours: a refresh, an end, or one more subscription with an Event id of its own. */
import type { ServedSubscription } from '../notify/subscription.ts';
import { lifetimeOf } from '../request/event-package.ts';
import { refuseBrief } from './answer.ts';
import { limitsOf, type Asked, type SubscribeContext } from './context.ts';
import { moveAll } from './move.ts';
import { hasMoved, placeOf, subscriptionOf } from './read.ts';
import { refresh, unsubscribe } from './refresh.ts';
import { serve } from './serve.ts';

export async function inDialog(context: SubscribeContext, asked: Asked): Promise<void> {
  const { port, access } = context;
  const { req, res, dialog, eventId } = asked;
  const known = ofDialog(context, asked);
  const [first] = known;
  // Without the server's dialog id the server was restarted: a new subscription heals that, a patched one would
  // send NOTIFYs with falling CSeq.
  if (first === undefined || (req.stackDialogId ?? '') === '') {
    port.respond(res, 481);
    return;
  }
  // RFC 3261 12.2.2.
  if (dialog.cseq <= Math.max(...known.map(({ row }) => row.remoteCseq))) {
    port.respond(res, 500, { reason: 'CSeq is not above the last one' });
    return;
  }
  await access.maySubscribe(req, first.row.mailbox);
  const lifetime = lifetimeOf(req, limitsOf(context));
  const subscription = known.find(({ row }) => row.eventId === eventId);
  if (lifetime === 'brief') refuseBrief(context, asked);
  else if (subscription && lifetime === 0) await unsubscribe(context, asked, subscription);
  else if (subscription) await refresh(context, asked, subscription, lifetime);
  else if (lifetime === 0) port.respond(res, 481);
  else await serveAnother(context, asked, first, lifetime);
}

/** The subscriptions of this dialog, without those that end. */
function ofDialog({ served }: SubscribeContext, { dialog }: Asked): readonly ServedSubscription[] {
  return served.inDialog(dialog).filter(({ row, ending }) => row.localTag === dialog.localTag && !ending);
}

/** One more Event id in the dialog of this one (RFC 6665 4.5.2): the route set and the way to the phone are the dialog's. */
async function serveAnother(
  context: SubscribeContext,
  asked: Asked,
  { row }: ServedSubscription,
  lifetime: number,
): Promise<void> {
  const { settings, run, now } = context;
  const { req, dialog, eventId } = asked;
  const { mailbox, aliased, localTag, contact, routes } = row;
  const facts = { mailbox, aliased, eventId, lifetime, localTag, contact, node: settings.node, run };
  const place = placeOf(req);
  const moved = hasMoved(row, place);
  if (moved) await moveAll(context, ofDialog(context, asked), place);
  const another = { ...subscriptionOf(req, dialog, facts, now()), routes, moved };
  await serve(context, asked, another, { lifetime, contact });
}
