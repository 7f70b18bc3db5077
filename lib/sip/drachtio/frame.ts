/** Frames of requests towards drachtio-server: do they fit through its fixed buffers, unharmed? */
import { sendableText } from '../read/body.ts';
import { hasControl } from '../read/characters.ts';
import { withOwnHost } from './response-headers.ts';
import type { OutgoingRequest } from './messages.ts';

/** Largest frame that drachtio-server takes for certain, in bytes. */
export const MAX_FRAME = 11_999;
/** drachtio-server's fixed buffer for headers (8,400), less what it adds itself. */
export const MAX_HEADERS = 8_000;
/** Its fixed buffers for a start line and for a next hop: what is longer is cut. */
export const MAX_START_LINE = 512;
const MAX_NEXT_HOP = 512;
/** Largest answer, as we can estimate it: what it copies from the request is not ours to see. */
export const MAX_ANSWER = 9_000;
/** A Request-URI and next hop take this much at the most in practice; who needs more has no claim on room for it. */
export const USUAL_WAY = 300;

export interface Frame {
  readonly bytes: number;
  readonly options: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: string;
    readonly proxy?: string;
    readonly stackDialogId?: string;
  };
}

/** Why a request can't be sent: its own fault, or that of the URI or next hop that it should go to. */
export class Unsendable {
  readonly failure: 'unsendable' | 'target';
  readonly reason: string;
  constructor(failure: 'unsendable' | 'target', reason: string) {
    this.failure = failure;
    this.reason = reason;
  }
}

/** The frame of a request, or why drachtio could not pass it unharmed. */
export function frameOf({
  method,
  uri,
  proxy,
  headers,
  body,
  dialogId,
}: OutgoingRequest): Frame | Unsendable {
  const own = (reason: string) => new Unsendable('unsendable', reason);
  const target = (reason: string) => new Unsendable('target', reason);
  const text = body === undefined || body.length === 0 ? undefined : sendableText(body);
  if (body !== undefined && body.length > 0 && text === undefined)
    return own('the body has bytes that drachtio would damage');
  if (hasControl(uri) || hasControl(proxy ?? ''))
    return target('control characters in the Request-URI or next hop');
  if (/^tel:/i.test(uri))
    return target('a Request-URI without a host, such as tel:, which drachtio-server would die of');
  for (const [name, value] of Object.entries(headers))
    if (hasControl(value)) return own(`control characters in ${name}`);

  const lines = Object.entries(headers).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value) + 4,
    0,
  );
  if (lines > MAX_HEADERS)
    return own(`the headers would take ${lines} bytes, drachtio passes ${MAX_HEADERS}`);
  const [uriBytes, proxyBytes] = [Buffer.byteLength(uri), Buffer.byteLength(proxy ?? '')];
  if (`${method}  SIP/2.0`.length + uriBytes > MAX_START_LINE || proxyBytes > MAX_NEXT_HOP)
    return target(
      `the start line or next hop is longer than the ${MAX_START_LINE} bytes that drachtio passes`,
    );
  // "<length>#<uuid>|sip||<dialog>|" CRLF, start line, Content-Length line, blank line.
  const fixed = 6 + 36 + 7 + (dialogId?.length ?? 0) + 2 + method.length + 12 + 26 + 2;
  const message = fixed + lines + (body?.length ?? 0);
  const bytes = message + uriBytes + proxyBytes;
  if (bytes > MAX_FRAME) {
    const reason = `the request would take ${bytes} bytes, drachtio passes ${MAX_FRAME}`;
    return message + USUAL_WAY > MAX_FRAME ? own(reason) : target(reason);
  }
  return {
    bytes,
    options: {
      method,
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, withOwnHost(name, value)]),
      ),
      ...(text === undefined ? {} : { body: text }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(dialogId === undefined ? {} : { stackDialogId: dialogId }),
    },
  };
}
