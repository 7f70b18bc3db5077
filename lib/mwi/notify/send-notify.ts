/** One NOTIFY on the wire: in its dialog, or without the server's help when that has lost the dialog. */
import { nextHopOf } from '../../sip/read/next-hop.ts';
import type { Answer, OutgoingRequest } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { targetOf } from '../../sip/read/uri.ts';
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
    ...partsOf(subscription, content, now),
  });
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
  const uri = targetOf(target);
  const way = nextHopOf({ path: routes, source, contact: target });
  if (uri === undefined || way === undefined) return UNREACHABLE;
  const { headers, body } = partsOf(subscription, content, now);
  return port.send({
    method: 'NOTIFY',
    uri: way.routeSet === '' ? uri : `${uri}?${way.routeSet}`,
    proxy: way.proxy,
    headers: {
      From: `${local};tag=${localTag}`,
      To: `${remote};tag=${remoteTag}`,
      'Call-ID': callId,
      CSeq: `${cseq} NOTIFY`,
      'Max-Forwards': '70',
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  });
}

/** The answer to a NOTIFY that was not sent since there is no way to its watcher. */
export const UNREACHABLE: Answer = {
  status: 404,
  reason: 'the contact is no URI that can be sent to',
  origin: 'local',
  header: () => undefined,
};

/**
 * A CSeq above all that the dialog can have had: what was stored, and since then one NOTIFY a second at most, a few for
 * refreshes.
 */
export function safeCseq({ localCseq, updated }: Subscription, now: number): number {
  return Math.min(localCseq + Math.max(now - updated, 0) + 100, 2 ** 31 - 1);
}
