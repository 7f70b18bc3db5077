/**
 * SUBSCRIBE for message-summary: the notifier's side of RFC 6665 4.2.1, without dialog objects.
 *
 *   read it ──► outside of a dialog: which mailbox, may they, how long ──► fetch | serve a new one, end what it replaces
 *          └──► in a dialog: which of its subscriptions, may they, how long ──► refresh | end | serve one more
 */
import { accepts } from '../../sip/read/event.ts';
import type { Next, SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import { MEDIA_TYPE, ourEvent } from '../request/event-package.ts';
import { begin } from './begin.ts';
import type { SubscribeContext } from './context.ts';
import { inDialog } from './in-dialog.ts';
import { dialogOf } from './read.ts';

export async function onSubscribe(
  context: SubscribeContext,
  req: SipRequest,
  res: SipResponse,
  next: Next,
): Promise<void> {
  const { port, settings } = context;
  if (req.method !== 'SUBSCRIBE') {
    next();
    return;
  }
  const event = ourEvent(port, req, res, settings.otherEvents);
  if (event === 'other') next();
  if (typeof event === 'string') return;
  if (!accepts(req, MEDIA_TYPE)) {
    port.respond(res, 406, { headers: { Accept: MEDIA_TYPE } });
    return;
  }
  const asked = { req, res, dialog: dialogOf(req), eventId: event.id };
  if (asked.dialog.localTag === '') await begin(context, asked);
  else await inDialog(context, asked);
}
