/**
 * Which way a NOTIFY of a subscription goes: in the dialog that drachtio-server keeps, or by ourselves once the phone has
 * moved or the server has lost the dialog.
 */
import { logger } from '../../base/log.ts';
import { span } from '../../base/span.ts';
import { tagOf } from '../../base/sha256.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { NotifyContent } from './notifier.ts';
import { safeCseq, sendInDialog, sendRaw } from './send-notify.ts';
import type { ServedSubscriptions } from './served.ts';
import type { ServedSubscription } from './subscription.ts';

const log = logger('mwi:notify');

export interface SendContext {
  readonly port: Port;
  readonly served: ServedSubscriptions;
  readonly now: () => number;
}

export function sendFor(
  context: SendContext,
  subscription: ServedSubscription,
  content: NotifyContent,
): Promise<Answer> {
  const { row } = subscription;
  return span(
    'notify',
    {
      kind: 'CLIENT',
      about: () => ({
        'sip.call_id': row.callId,
        'silo.mailbox': tagOf(row.mailbox),
        'silo.end': content.end,
      }),
      came: ({ status }) => ({ 'sip.status': status }),
    },
    () => send(context, subscription, content),
  );
}

async function send(
  context: SendContext,
  subscription: ServedSubscription,
  content: NotifyContent,
): Promise<Answer> {
  const { port, now } = context;
  const answer = subscription.row.moved
    ? await sendMoved(context, subscription, content)
    : await sendInDialog(port, subscription.row, content, now());
  subscription.numbered(answer.cseq ?? 0);
  subscription.notified({ at: now(), text: content.text, status: answer.status, reason: answer.reason });
  const { row } = subscription;
  log.debug(
    `${row.mailbox}: NOTIFY${content.end ? ` (${content.end})` : ''}: ${answer.status} ${answer.reason}`,
    { box: row.mailbox, callId: row.callId, contact: row.target, status: answer.status, node: row.node },
  );
  // The server was restarted: the phone still has its dialog, and must be told that it is over.
  if (answer.failure === 'no-dialog' && row.expires > now()) {
    subscription.dialogLost();
    const last = { ...content, end: content.end ?? 'deactivated' } as const;
    await sendRaw(port, row, last, { now: now(), cseq: nextCseq(context, subscription) });
  }
  return answer;
}

/** To where the phone is now; and at the end also in the server's dialog, so that the server forgets it. */
async function sendMoved(
  context: SendContext,
  subscription: ServedSubscription,
  content: NotifyContent,
): Promise<Answer> {
  const { port, now } = context;
  const { row } = subscription;
  const cseq = nextCseq(context, subscription);
  const answer = await sendRaw(port, row, content, { now: now(), cseq });
  if (content.end) void sendInDialog(port, row, content, now());
  return answer;
}

/** All subscriptions of a dialog count in common; a gap does no harm (RFC 3261 12.2.2). */
function nextCseq({ served, now }: SendContext, subscription: ServedSubscription): number {
  const others = served.inDialog(subscription.row);
  const highest = Math.max(subscription.cseq, ...others.map(({ cseq }) => cseq));
  const next = highest > 0 ? highest + Math.max(others.length, 1) : safeCseq(subscription.row, now());
  subscription.numbered(next);
  return next;
}
