/**
 * The short way to drachtio-server, for our answers and requests. drachtio-srf writes each of them out as text five times for its debug
 * log, whether anybody reads that or not, and reads each echo of the server, and each answer, as a whole message. Here the same frame is
 * written once, by drachtio-srf's own connection and with its own id, and what comes back for it is taken before drachtio-srf sees it.
 *
 * Where drachtio-srf is not inside as it is known here, or a host would miss something, nothing goes this way, and drachtio-srf itself
 * does it: whoever asks is told so by `undefined`. See docs/decisions/short-way.md.
 */
import type { Socket } from 'node:net';
import { logger } from '../../../base/log.ts';
import { traceOf } from '../../../base/errors.ts';
import { ownText } from '../../../base/own-text.ts';
import { isOfItsClass, wireInside, type Inside, type ResponseAtRunTime } from './inside.ts';
import { acknowledgementOf, answerOf, metaOf, type TakenAnswer } from './taken.ts';

const log = logger('sip:port');

type Headers = Readonly<Record<string, string>>;

/** What is sent, as drachtio-srf takes it. */
interface Wanted {
  readonly method: string;
  readonly headers: Headers;
  readonly body?: string;
  readonly proxy?: string;
  readonly stackDialogId?: string;
}

/** What is heard of a request. */
export interface Heard {
  /** drachtio-server did not send it. */
  readonly refused: (error: unknown) => void;
  /** It was sent, with this CSeq. */
  readonly sent: (cseq: number) => void;
  /** Its final answer, after `sent`. */
  readonly answered: (answer: TakenAnswer) => void;
}

/** Nothing more is wanted to be heard of it. */
export type Forget = () => void;

export interface ShortWay {
  /** There is a connection: the first one, or a new one. */
  readonly connected: () => void;
  /** A connection was lost: nothing comes for what was under way on it. */
  readonly disconnected: () => void;
  /** Answers; `done` with why it did not go out, if it did not. Undefined: this one must go the long way. */
  readonly answer: (
    res: object,
    answer: { readonly status: number; readonly reason: string; readonly headers: Headers },
    done: (error: unknown) => void,
  ) => Forget | undefined;
  /** Sends a request. Undefined: this one must go the long way. */
  readonly request: (uri: string, wanted: Wanted, heard: Heard) => Forget | undefined;
}

/** The answers that are given here, with their reason phrases (RFC 3261 21, 3903 11.2, 6665 8.3); any other goes the long way. */
const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  407: 'Proxy Authentication Required',
  423: 'Interval Too Brief',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  482: 'Loop Detected',
  489: 'Bad Event',
  503: 'Service Unavailable',
};

/** What drachtio-srf copies from a request; an answer that has more was given headers by somebody else. */
const COPIED = new Set(['from', 'to', 'call-id', 'cseq', 'content-length']);

/** Something that is waited for on a connection. */
interface Waiting<T> {
  readonly socket: Socket;
  readonly came: T;
}
type Acknowledged = (token: readonly string[], frame: string) => void;

/** Stands among what drachtio-srf waits for, which it asks for a Call-ID now and then. */
const OURS = { req: { get: () => undefined, listenerCount: () => 0 } };

export function createShortWay(stack: unknown): ShortWay {
  let inside: Inside | undefined;
  /** By the id of the frame, and by that of the transaction. */
  const frames = new Map<string, Waiting<Acknowledged>>();
  const transactions = new Map<string, Waiting<(answer: TakenAnswer) => void>>();

  function expect(socket: Socket, id: string, came: Acknowledged): void {
    frames.set(id, { socket, came });
    inside?.pendingOn(socket)?.pendingRequests.set(id, () => undefined);
  }

  function acknowledged(id: string): Waiting<Acknowledged> | undefined {
    const waiting = frames.get(id);
    if (waiting === undefined) return undefined;
    frames.delete(id);
    inside?.pendingOn(waiting.socket)?.pendingRequests.delete(id);
    return waiting;
  }

  function expectAnswer(socket: Socket, transaction: string, came: (answer: TakenAnswer) => void): void {
    transactions.set(transaction, { socket, came });
    inside?.pendingOn(socket)?.pendingSipRequests.set(transaction, OURS);
  }

  function over(transaction: string): void {
    const waiting = transactions.get(transaction);
    if (waiting === undefined) return;
    transactions.delete(transaction);
    inside?.pendingOn(waiting.socket)?.pendingSipRequests.delete(transaction);
  }

  /** @returns whether the frame was for us */
  function take(frame: string): boolean {
    const acknowledgement = acknowledgementOf(frame);
    if (acknowledgement !== undefined) {
      const waiting = acknowledged(acknowledgement.id);
      waiting?.came(acknowledgement.token, frame);
      return waiting !== undefined;
    }
    if (transactions.size === 0) return false;
    const answer = answerOf(frame);
    const waiting = answer && transactions.get(answer.transaction);
    if (answer === undefined || waiting === undefined) return false;
    if (answer.status >= 200) {
      over(answer.transaction);
      waiting.came(answer);
    }
    return true;
  }

  function connected(): void {
    const found = wireInside(stack);
    const known = found?.wire === inside?.wire;
    inside = found;
    if (found === undefined || known) return;
    const listeners = found.wire.listeners('msg');
    found.wire.removeAllListeners('msg');
    found.wire.on('msg', (socket, frame) => {
      try {
        if (take(frame)) return;
      } catch (error) {
        log.error(`what came for a frame of ours could not be handed on: ${traceOf(error)}`);
        return;
      }
      for (const listener of listeners) listener(socket, frame);
    });
  }

  // A host may have connected before it adds us.
  connected();

  return {
    connected,
    disconnected: () => {
      for (const waiting of [frames, transactions])
        for (const [id, { socket }] of waiting)
          if (inside?.pendingOn(socket) === undefined) waiting.delete(id);
    },

    answer: (res, { status, reason, headers }, done) => {
      const answer = res as ResponseAtRunTime;
      const phrase = PHRASES[status];
      const { socket } = answer;
      if (phrase === undefined || socket === undefined || !inside?.pendingOn(socket)) return undefined;
      if (!inside.isUntouched() || !isPlain(answer) || !areOrdinary(headers)) return undefined;
      const { msg, req } = answer;
      const said = reason || phrase;
      const id = inside.wire.send(
        socket,
        `sip|${req.stackTxnId}|\r\nSIP/2.0 ${status} ${said}\r\n${linesOf(msg.headers)}${linesOf(headers)}content-length: 0\r\n\r\n`,
      );
      expect(socket, id, (token) => {
        const [state = '', why = ''] = token;
        answer.meta = metaOf(token);
        done(state === 'OK' ? undefined : why || 'refused');
      });
      msg.status = status;
      msg.reason = said;
      answer.finished = true;
      setImmediate(() => answer.emit('finish'));
      answer.emit('end', { status, reason: said });
      return () => void acknowledged(id);
    },

    request: (
      uri,
      { method, headers, body = '', proxy, stackDialogId = '' },
      { refused, sent, answered },
    ) => {
      const socket = inside?.socket();
      if (socket === undefined || !inside?.pendingOn(socket) || !inside.isUntouched()) return undefined;
      const to = proxy === undefined ? '' : `|${proxy}`;
      const id = inside.wire.send(
        socket,
        `sip||${stackDialogId}${to}\r\n${method} ${uri} SIP/2.0\r\n${linesOf(headers)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      let transaction: string | undefined;
      let forgotten = false;
      expect(socket, id, (token, frame) => {
        transaction = ownText(token[7] ?? '');
        if (token[0] !== 'OK' || transaction === '') {
          refused(asError(token[1]));
          return;
        }
        if (!forgotten) expectAnswer(socket, transaction, answered);
        sent(cseqOf(frame));
      });
      return () => {
        // That it was acknowledged still counts: others wait for that.
        forgotten = true;
        if (transaction !== undefined) over(transaction);
      };
    },
  };
}

/** Not sent yet, as drachtio-srf made it, and nobody has changed it or put anything in the place of what sends it. */
function isPlain(answer: ResponseAtRunTime): boolean {
  const { req, msg, finished } = answer;
  return (
    !finished &&
    req.method !== 'INVITE' &&
    !msg.body &&
    isOfItsClass(answer, 'send', 5) &&
    Object.keys(msg.headers).every((name) => COPIED.has(name))
  );
}

/** None of those that drachtio-srf copies, and none twice: these it joins. */
function areOrdinary(headers: Headers): boolean {
  const names = new Set<string>();
  for (const name in headers) {
    const lower = name.toLowerCase();
    if (names.has(lower) || COPIED.has(lower)) return false;
    names.add(lower);
  }
  return true;
}

function linesOf(headers: Headers): string {
  let lines = '';
  for (const name in headers) if (name !== 'content-length') lines += `${name}: ${headers[name]}\r\n`;
  return lines;
}

/** Of the request as the server has sent it, which it quotes. */
function cseqOf(frame: string): number {
  return Number(/\r\nCSeq[ \t]*:[ \t]*(\d+)/i.exec(frame)?.[1] ?? 0);
}

/** With the code by which drachtio-srf tells that the server does not know the dialog. */
function asError(why = 'request failed'): Error {
  return Object.assign(new Error(why), {
    code: /unable to find dialog/i.test(why) ? 'ENODIALOG' : 'EDRACHTIO',
  });
}
