/** Requests and responses without a wire, for handlers that are called with a context. */
import { createRequire } from 'node:module';
import type { Answer, ResponseOptions, SipRequest, SipResponse } from '../../lib/sip/drachtio/messages.ts';

const require = createRequire(import.meta.url);
const SipMessage = require('drachtio-srf/lib/sip-parser/message.js') as new (raw: string) => object;
const Request = require('drachtio-srf/lib/request.js') as new (message: object, meta: object) => SipRequest;

/** A request of Alice to Bob, read by drachtio-srf's own parser. */
export function aRequest(method: string, headers: readonly string[] = [], body = ''): SipRequest {
  const given = headers.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
  const usual = [
    'From: <sip:alice@example.org>;tag=a1',
    'To: <sip:bob@example.org>',
    'Call-ID: c1',
    `CSeq: 1 ${method}`,
    ...(body === '' ? [] : ['Content-Type: text/plain']),
  ].filter((line) => !given.includes(line.slice(0, line.indexOf(':')).toLowerCase()));
  const lines = [`${method} sip:bob@example.org SIP/2.0`, ...usual, ...headers];
  return new Request(
    new SipMessage(`${lines.join('\r\n')}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
    { source: 'network', address: '192.0.2.1', port: '5060', protocol: 'udp' },
  );
}

/** A response, and what the handler said with it. */
export class Reply {
  readonly answers: (ResponseOptions & { readonly status: number })[] = [];
  /** What `next` was called with. */
  readonly handedOn: unknown[] = [];
  #end: (answer: { readonly status: number }) => void = () => undefined;
  readonly res: SipResponse = {
    finalResponseSent: false,
    finished: false,
    send: () => undefined,
    once: (_, listener) => (this.#end = listener),
  };
  readonly next = (error?: unknown): void => void this.handedOn.push(error);
  /** The part of the port that answers. */
  readonly port = {
    respond: (_: SipResponse, status: number, options: ResponseOptions = {}): void => {
      this.answers.push({ status, ...options });
      options.onSent?.(true);
    },
  };

  /** A later handler has answered. */
  end(status: number): void {
    this.#end({ status });
  }
}

export const answerOf = (status: number, over: Partial<Answer> = {}): Answer => ({
  status,
  reason: `status ${status}`,
  origin: 'peer',
  header: () => undefined,
  ...over,
});
