/**
 * A request of ours outside of drachtio-server's dialogs: along which way, from whom to whom. All are made here, so that what
 * they say of a person is said in one place: the AoRs in From and To, and with them the identities among the headers (RFC 3325).
 */
import { randomHex } from '../../base/random.ts';
import { ANONYMOUS, mayBeTold, wishesAmong } from '../read/privacy.ts';
import type { OutgoingRequest } from './messages.ts';
import type { Way } from './way.ts';

export interface Outgoing {
  readonly method: string;
  /** From and To as name-addr, without a tag. */
  readonly from: string;
  readonly to: string;
  /** Tags of a dialog that drachtio-server has lost; outside of one From has a new tag, and To none. */
  readonly tags?: { readonly from: string; readonly to: string };
  /** Default: a new one. */
  readonly callId?: string;
  readonly cseq?: number;
  readonly maxForwards?: number;
  /**
   * The other headers, identities included. At one that it finds unsound drachtio-server drops it and all behind it: what
   * somebody else wrote comes last.
   */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export function requestAlong(
  { uri, proxy, namedBy, owner }: Pick<Way, 'uri' | 'proxy' | 'namedBy' | 'owner'>,
  outgoing: Outgoing,
): OutgoingRequest {
  const { method, to, tags, body } = outgoing;
  const headers = Object.entries(outgoing.headers);
  const wishes = wishesAmong(headers);
  const from = wishes.user ? ANONYMOUS : outgoing.from;
  return {
    method,
    uri,
    proxy,
    namedBy,
    owner,
    headers: {
      From: `${from};tag=${tags?.from ?? randomHex(8)}`,
      To: tags === undefined ? to : `${to};tag=${tags.to}`,
      'Call-ID': outgoing.callId ?? randomHex(16),
      CSeq: `${outgoing.cseq ?? 1} ${method}`,
      'Max-Forwards': String(outgoing.maxForwards ?? 70),
      ...Object.fromEntries(headers.filter((header) => mayBeTold(header, wishes))),
    },
    ...(body === undefined ? {} : { body }),
  };
}
