/** Responses: what is copied from the request (RFC 3261 8.2.6.2), and the ones that no app has a hand in. */
import { newTag } from './ids.ts';
import { encode, type Header } from './text/message.ts';
import { tagOf } from './text/uri.ts';

/** What a response needs of its request; the top Via is rewritten already. */
export interface Replyable {
  readonly vias: readonly string[];
  readonly headers: readonly Header[];
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  410: 'Gone',
  413: 'Request Entity Too Large',
  481: 'Call/Transaction Does Not Exist',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  505: 'Version Not Supported',
};

export function reasonOf(status: number): string {
  return REASONS[status] ?? 'Unknown';
}

/** A To value that carries a tag, its own before the given one. */
export function tagged(to: string, tag: string): string {
  return tagOf(to) === undefined ? `${to};tag=${tag}` : to;
}

/** What a response says that its request does not. */
interface Saying {
  readonly status: number;
  readonly reason: string;
  /** For To, where the request has none. */
  readonly tag: string;
  readonly own?: readonly Header[];
}

/**
 * Start line and the headers every response begins with. What the app gives of these (`own`) stands before
 * what the request says, even when it breaks the response.
 */
export function replyLines(request: Replyable, { status, reason, tag, own = [] }: Saying): string[] {
  const lines = [`SIP/2.0 ${status} ${reason}`, ...request.vias.map((via) => `Via: ${via}`)];
  const copy = (key: string, name: string, change = (value: string) => value) => {
    const mine = own.findLast((one) => one.key === key);
    const header = mine ?? request.headers.find((one) => one.key === key);
    if (header) lines.push(`${name}: ${change(header.value)}`);
  };
  if (status > 100 && status < 300)
    for (const header of request.headers)
      if (header.key === 'record-route') lines.push(`Record-Route: ${header.value}`);
  copy('from', 'From');
  copy('to', 'To', (to) => (status === 100 ? to : tagged(to, tag)));
  copy('call-id', 'Call-ID');
  copy('cseq', 'CSeq');
  return lines;
}

interface OwnReply {
  readonly reason?: string | undefined;
  readonly headers?: readonly string[];
  readonly tag?: string;
}

/** A complete response without an app: 400, 405, 413, 481, 500, 503, 505. */
export function ownReply(
  request: Replyable,
  status: number,
  { reason = reasonOf(status), headers = [], tag = newTag() }: OwnReply = {},
): Buffer {
  const lines = replyLines(request, { status, reason, tag });
  return encode([...lines, ...headers, 'Content-Length: 0'], Buffer.alloc(0));
}
