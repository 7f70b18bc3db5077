/** What a program wants sent as the MESSAGE that a phone would have sent. */
import { randomUUID } from 'node:crypto';
import { sha256 } from '../../base/sha256.ts';
import { setIdentity } from '../../auth/identity.ts';
import { ownRequest, type SipRequest } from '../../sip/drachtio/messages.ts';
import { aorOf, type AorOptions } from '../../sip/read/uri.ts';
import type { Address, ReadSubmission } from './read-submission.ts';

/** Nobody's: a program has no dialog. */
const TAG = 'program';
const TEXT = 'text/plain;charset=utf-8';

/** The name of a message and all that was asked of it, as hashes. */
export interface Names {
  readonly name: string;
  readonly content: string;
}

/** Undefined for what has no idempotencyKey. */
export function namesOf(submission: ReadSubmission): Names | undefined {
  const { idempotencyKey, from, to, contentType, body, expires, sendAt, headers } = submission;
  if (idempotencyKey === undefined) return undefined;
  const asked = [
    from,
    to,
    contentType,
    body?.toString('base64'),
    expires,
    sendAt,
    Object.entries(headers ?? {}).sort(),
  ];
  return { name: sha256(idempotencyKey), content: sha256(JSON.stringify(asked)) };
}

/** Asked for again under its name it is the same request: it has the same Call-ID. */
export function asRequest(submission: ReadSubmission, options: AorOptions): SipRequest {
  const { from, to, body, expires, headers } = submission;
  const names = namesOf(submission);
  const callId = names === undefined ? randomUUID() : sha256(`${names.name} ${names.content}`).slice(0, 32);
  const contentType = submission.contentType ?? (body === undefined ? undefined : TEXT);
  const req = ownRequest({
    method: 'MESSAGE',
    uri: to.uri,
    headers: {
      ...headers,
      From: `${nameAddr(from)};tag=${TAG}`,
      To: nameAddr(to),
      'Call-ID': callId,
      CSeq: '1 MESSAGE',
      ...(expires === undefined ? {} : { Expires: String(expires) }),
      ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
    },
    ...(body === undefined ? {} : { body }),
  });
  // The operator's own program is believed, as a hop that is trusted.
  setIdentity(req, { kind: 'network', aor: aorOf(from.uri, options), hop: req.source_address });
  return req;
}

function nameAddr({ display, uri }: Address): string {
  return display === '' ? `<${uri}>` : `"${display.replace(/["\\]/g, '\\$&')}" <${uri}>`;
}
