/** The requests and answers that pass between our handlers and drachtio-srf. */

import type { Source } from '../read/source.ts';

/** An incoming request, as our handlers see it. */
export interface SipRequest {
  readonly method: string;
  readonly uri: string;
  readonly raw?: string;
  readonly body?: string;
  readonly source_address: string;
  readonly source_port: number;
  readonly protocol: string;
  /** The drachtio-server that it came through. */
  readonly server?: { readonly hostport?: string };
  /** Our own address that it came in on, `host:port`; only outside of dialogs. */
  readonly receivedOn?: string;
  /** When drachtio-server had it: UTC time of day, `HH:MM:SS.ffffff`. */
  readonly stackTime?: string;
  /** Dialog of the request, '' outside of one. */
  readonly stackDialogId?: string;
  get(name: string): unknown;
}

/** Its answer. `end` is emitted with the status once a final answer was handed to drachtio. */
export interface SipResponse {
  readonly finalResponseSent: boolean;
  /** What `finalResponseSent` says. */
  finished: boolean;
  /** What was copied from the request: From, To, Call-ID and CSeq, by their lower-case names. */
  readonly msg?: { readonly headers: Record<string, string> };
  readonly req?: { readonly method: string };
  readonly status?: number;
  send(
    status: number,
    reason: string,
    options: { headers: Record<string, string>; body?: string },
    callback: (error: unknown, message?: { get(name: string): unknown }) => void,
  ): void;
  once(event: 'end', listener: (answer: { readonly status: number }) => void): unknown;
}

export type Next = (error?: unknown) => void;
export type Handler = (req: SipRequest, res: SipResponse, next: Next) => void | Promise<void>;
export type FailureHandler = (
  error: unknown,
  req: SipRequest,
  res: SipResponse,
  next: Next,
) => void | Promise<void>;

export interface ResponseOptions {
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Our tag for To; default: drachtio-server makes one. */
  readonly toTag?: string;
  readonly body?: string;
  /** Called once: did it go out? */
  readonly onSent?: (sent: boolean) => void;
}

/** The device that a request is for. */
export interface Owner {
  /** Who may have registered it. */
  readonly aors: readonly string[];
  readonly contact: string;
  readonly source: Pick<Source, 'address' | 'port'>;
}

export interface OutgoingRequest {
  readonly method: string;
  /** Request-URI. */
  readonly uri: string;
  /** Next hop as a full URI; default: the Request-URI, or a registered TCP connection of its user@host. */
  readonly proxy?: string | undefined;
  /** Next hop over TCP, to be tried first when the request is too large for a datagram. */
  readonly overTcp?: string | undefined;
  /**
   * It goes to a place that somebody named who is not there himself: that one's address, '' when unknown. Such a place must have
   * shown that it listens.
   */
  readonly namedBy?: string | undefined;
  /** Whose device it is for: it must not go over the connection of somebody else. */
  readonly owner?: Owner | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Sends inside a dialog of drachtio-server; `uri` is then `sip:placeholder`. */
  readonly dialogId?: string;
  /** Asked once more when its turn has come, right before it leaves: one that is no more wanted is not sent. Default: it is. */
  readonly wanted?: (() => boolean) | undefined;
}

/**
 * The final answer to a request of ours. `peer`: somebody answered. `stack`: drachtio-server made it up (408 after
 * 32 s, 503 when nobody could be reached, 410 for a closed connection). `local`: it was never sent, or nothing came
 * within our own time limit.
 */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly origin: 'peer' | 'stack' | 'local';
  /**
   * Why a `local` answer is local; `unsendable` is the message's fault, `target` that of where it should go; `withdrawn`: it was no
   * more wanted when its turn came.
   */
  readonly failure?:
    'unsendable' | 'target' | 'refused' | 'no-dialog' | 'disconnected' | 'timeout' | 'withdrawn';
  /** The CSeq with which drachtio-server sent the request; undefined when it was not sent. */
  readonly cseq?: number;
  header(name: string): string | undefined;
}

/** Sends a request; always resolves, at the latest after `timeout` ms. */
export type Send = (request: OutgoingRequest, timeout?: number) => Promise<Answer>;

interface OwnRequest {
  readonly method: string;
  /** Request-URI. */
  readonly uri: string;
  /** All but Content-Length, each name once, values without controls. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** In place of an address, where it is said who asks. */
const BY_PROGRAM = 'a program';

/** A request that came by no wire: a program of this host says it. Whoever reads requests reads it as any other. */
export function ownRequest({ method, uri, headers, body = Buffer.alloc(0) }: OwnRequest): SipRequest {
  const all = { ...headers, 'Content-Length': String(body.length) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const values = new Map(Object.entries(all).map(([name, value]) => [name.toLowerCase(), value]));
  // Bytes that are no UTF-8 become U+FFFD, as those that drachtio hands over: they are refused in the same place.
  const text = body.toString('utf8');
  return {
    method,
    uri,
    raw: `${method} ${uri} SIP/2.0\r\n${lines.join('')}\r\n${text}`,
    body: text,
    source_address: BY_PROGRAM,
    source_port: 0,
    protocol: '',
    get: (name) => values.get(name.toLowerCase()),
  };
}
