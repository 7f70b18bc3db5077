/** One NOTIFY on the wire: in its dialog, or without the server's help when that has lost the dialog. */
import type { Answer, OutgoingRequest, Owner } from '../../sip/drachtio/messages.ts';
import { localAnswer } from '../../sip/drachtio/local-answer.ts';
import { requestAlong } from '../../sip/drachtio/outgoing.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { Unreachable, wayTo } from '../../sip/drachtio/way.ts';
import { parseNameAddr } from '../../sip/read/headers.ts';
import { aorOf } from '../../sip/read/uri.ts';
import type { Subscription } from '../../stores/contract/mwi.ts';
import { MEDIA_TYPE, PACKAGE } from '../request/event-package.ts';
import type { EndReason, NotifyContent } from './notifier.ts';
import { dialogIdOf } from './dialog.ts';

/** Seconds after which a phone that refused a NOTIFY may subscribe again. */
const PROBATION = 60;

type Sent = Pick<OutgoingRequest, 'headers' | 'body'>;

/** RFC 6665 4.2.2 and 8.2: Event with its id, Subscription-State, Contact, and a type for the body. */
function partsOf(subscription: Subscription, { text, end }: NotifyContent, now: number): Sent {
  const { eventId, contact, expires } = subscription;
  return {
    headers: {
      Event: eventId === '' ? PACKAGE : `${PACKAGE};id=${eventId}`,
      'Subscription-State': end ? terminated(end) : `active;expires=${Math.max(expires - now, 0)}`,
      Contact: contact,
      ...(text === undefined ? {} : { 'Content-Type': MEDIA_TYPE }),
    },
    ...(text === undefined ? {} : { body: Buffer.from(text) }),
  };
}

function terminated(reason: EndReason): string {
  return `terminated;reason=${reason}${reason === 'probation' ? `;retry-after=${PROBATION}` : ''}`;
}

/**
 * Sends a NOTIFY in the dialog that drachtio-server keeps: it knows CSeq, tags, target and route set. Its answer says with
 * which CSeq it went out.
 */
export function sendInDialog(
  port: Port,
  subscription: Subscription,
  content: NotifyContent,
  now: number,
): Promise<Answer> {
  return port.send({
    method: 'NOTIFY',
    uri: 'sip:placeholder',
    dialogId: dialogIdOf(subscription),
    owner: ownerOf(subscription),
    ...partsOf(subscription, content, now),
  });
}

/** Who watches his own mailbox is found by that, who watches another one by his From. */
function ownerOf({ mailbox, remote, target: contact, source }: Subscription): Owner {
  return { aors: [mailbox, aorOf(parseNameAddr(remote)?.uri ?? '') ?? mailbox], contact, source };
}

/** What only the sender of this one NOTIFY knows. */
interface SendFacts {
  readonly now: number;
  /** Above every CSeq that the dialog has had. */
  readonly cseq: number;
}

/**
 * Sends a NOTIFY out of our own knowledge of the dialog: after drachtio-server has lost it, or when the phone has moved.
 * drachtio-server does not count it, so from the first of these on all must be sent in this way.
 */
export async function sendRaw(
  port: Port,
  subscription: Subscription,
  content: NotifyContent,
  { now, cseq }: SendFacts,
): Promise<Answer> {
  const { local, localTag, remote, remoteTag, callId, target, routes, source } = subscription;
  const way = wayTo({ path: routes, source, contact: target });
  if (way instanceof Unreachable) return localAnswer('target', way.reason);
  return port.send(
    requestAlong(
      { ...way, owner: ownerOf(subscription) },
      {
        method: 'NOTIFY',
        from: local,
        to: remote,
        tags: { from: localTag, to: remoteTag },
        callId,
        cseq,
        ...partsOf(subscription, content, now),
      },
    ),
  );
}

/**
 * A CSeq above all that the dialog can have had: what was stored, and since then one NOTIFY a second at most, a few for
 * refreshes.
 */
export function safeCseq({ localCseq, updated }: Subscription, now: number): number {
  return Math.min(localCseq + Math.max(now - updated, 0) + 100, 2 ** 31 - 1);
}
