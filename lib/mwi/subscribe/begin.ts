/** A SUBSCRIBE outside of a dialog: a fetch, or a subscription that begins. */
import { randomHex } from '../../base/random.ts';
import type { Subscription } from '../../stores/contract/mwi.ts';
import { dialogIdOf } from '../notify/dialog.ts';
import { lifetimeOf } from '../request/event-package.ts';
import { grant, refuseBrief, type Granted } from './answer.ts';
import { limitsOf, type Asked, type SubscribeContext } from './context.ts';
import { checkReach } from './reach.ts';
import { subscriptionOf, type Facts } from './read.ts';
import { serve } from './serve.ts';

export async function begin(context: SubscribeContext, asked: Asked): Promise<void> {
  const { access, settings, run, now } = context;
  const { req, dialog, eventId } = asked;
  const { aor, aliased } = await access.find(req);
  await access.maySubscribe(req, aor);
  checkReach(context.port.isFree, req);
  const lifetime = lifetimeOf(req, limitsOf(context));
  if (lifetime === 'brief') {
    refuseBrief(context, asked);
    return;
  }
  if (refusedAsKnown(context, asked)) return;
  const localTag = randomHex(8);
  const facts: Facts = { mailbox: aor, aliased, eventId, lifetime, localTag, node: settings.node, run };
  const row = subscriptionOf(req, dialog, facts, now());
  const granted = { lifetime, contact: row.contact, toTag: localTag };
  const name = dialogIdOf(dialog);
  context.beginning.add(name);
  try {
    if (lifetime === 0) await fetchState(context, asked, row, granted);
    else await serve(context, asked, row, granted);
  } finally {
    context.beginning.delete(name);
  }
}

/** Is this dialog one that we have, or are about to have? Then the request is answered, and true. */
function refusedAsKnown({ port, served, subscriptions, beginning }: SubscribeContext, asked: Asked): boolean {
  const { res, dialog } = asked;
  const known = served.inDialog(dialog);
  // RFC 3261 8.2.2.2: the same request over two ways.
  if (beginning.has(dialogIdOf(dialog)) || known.some(({ row }) => row.remoteCseq >= dialog.cseq)) {
    port.respond(res, 482);
    return true;
  }
  // A phone that has lost its dialog but not its Call-ID: the old one ends first, since the two look alike.
  const [old] = known;
  if (!old) return false;
  subscriptions.end(old, 'noresource');
  port.respond(res, 503, { headers: { 'Retry-After': '1' } });
  return true;
}

/** A fetch (RFC 6665 4.4.3): nothing is stored, one NOTIFY tells the state, which must be there to be told. */
async function fetchState(
  context: SubscribeContext,
  asked: Asked,
  row: Subscription,
  granted: Granted,
): Promise<void> {
  const { summaries, subscriptions } = context;
  await summaries.read(row.mailbox);
  if (await grant(context, asked, granted)) subscriptions.end(subscriptions.create(row), 'timeout');
}
