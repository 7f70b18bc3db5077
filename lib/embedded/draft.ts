/** A request of ours before its way is known: all but the Via, and the Contact that may follow the way. */
import { linesOf, ownContact } from './text/app-headers.ts';
import type { Flow } from './network/flow.ts';
import type { Header } from './text/message.ts';

export interface Draft {
  readonly method: string;
  readonly startLine: string;
  /** Header lines for a way, Via excluded; `flow` is undefined while the way is unknown. */
  readonly lines: (flow: Flow | undefined) => readonly string[];
  readonly body: Buffer;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
}

export interface DraftParts {
  readonly method: string;
  readonly uri: string;
  readonly routes: readonly string[];
  readonly forwards: string | undefined;
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly cseq: number;
  /** Guessed from the body; undefined where the headers say it. */
  readonly contentType: string | undefined;
  /** All other headers of the app. */
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

const IDENTITY: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards']);

/** True for the headers that a draft holds on its own. */
export function isIdentity(key: string): boolean {
  return IDENTITY.has(key);
}

export function draft(parts: DraftParts): Draft {
  const { method, uri, routes, forwards = '70', from, to, callId, cseq, contentType, headers, body } = parts;
  const lines = (flow: Flow | undefined) => {
    const rewrites = flow !== undefined && method !== 'REGISTER';
    const { known, custom } = linesOf(rewrites ? ownContact(headers, flow.local, flow.protocol) : headers);
    return [
      ...routes.map((route) => `Route: ${route}`),
      `Max-Forwards: ${forwards}`,
      `From: ${from}`,
      `To: ${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
      ...known,
      `Content-Length: ${body.length}`,
      ...custom,
    ];
  };
  return { method, startLine: `${method} ${uri} SIP/2.0`, lines, body, from, to, callId, cseq };
}
