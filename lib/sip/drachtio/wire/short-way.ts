/**
 * The short way to drachtio-server, for our answers and requests. drachtio-srf writes each of them out as text five times for its debug
 * log, whether anybody reads that or not, and reads each echo of the server, and each answer, as a whole message: a third of the processor
 * time of a REGISTER that changes nothing. Here the same frame is written once, by drachtio-srf's own connection and with its own id, and
 * what comes back for it is taken before drachtio-srf sees it.
 *
 * Where drachtio-srf is not inside as it is known here, or somebody has put something in the place of `res.send`, nothing goes this way,
 * and drachtio-srf itself does it: whoever asks is told so by `undefined`.
 */
import { textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';
import { wireInside, type Inside, type ResponseAtRunTime } from './inside.ts';
import { acknowledgementOf, answerOf, type TakenAnswer } from './taken.ts';

const log = logger('sip:port');

/** What is sent, as drachtio-srf takes it. */
interface Wanted {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
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
  /** There is none any more: nothing comes for what was under way. */
  readonly disconnected: () => void;
  /** Answers; `done` with why it did not go out, if it did not. Undefined: this one must go the long way. */
  readonly answer: (
    res: object,
    answer: {
      readonly status: number;
      readonly reason: string;
      readonly headers: Readonly<Record<string, string>>;
    },
    done: (error: unknown) => void,
  ) => Forget | undefined;
  /** Sends a request. Undefined: this one must go the long way. */
  readonly request: (uri: string, wanted: Wanted, heard: Heard) => Forget | undefined;
}

/** Reason phrases of the answers that are given often (RFC 3261 21); others have one of their own, or go the long way. */
const PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  202: 'Accepted',
  401: 'Unauthorized',
  407: 'Proxy Authentication Required',
  503: 'Service Unavailable',
};

/** What drachtio-srf copies from a request: an answer with more was given headers by somebody else. */
const COPIED = new Set(['from', 'to', 'call-id', 'cseq', 'content-length']);

type Acknowledged = (token: readonly string[], frame: string) => void;

export function createShortWay(stack: unknown): ShortWay {
  let inside: Inside | undefined;
  /** By the id of the frame, and by that of the transaction. */
  const frames = new Map<string, Acknowledged>();
  const transactions = new Map<string, (answer: TakenAnswer) => void>();

  /** @returns whether the frame was for us */
  function take(frame: string): boolean {
    const acknowledged = acknowledgementOf(frame);
    if (acknowledged !== undefined) {
      const waiting = frames.get(acknowledged.id);
      if (waiting === undefined) return false;
      frames.delete(acknowledged.id);
      waiting(acknowledged.token, frame);
      return true;
    }
    if (transactions.size === 0) return false;
    const answer = answerOf(frame);
    const waiting = answer && transactions.get(answer.transaction);
    if (answer === undefined || waiting === undefined) return false;
    if (answer.status >= 200) {
      transactions.delete(answer.transaction);
      waiting(answer);
    }
    return true;
  }

  function connected(): void {
    const found = wireInside(stack);
    if (found === undefined || found.wire === inside?.wire) {
      inside = found;
      return;
    }
    inside = found;
    const listeners = found.wire.listeners('msg');
    found.wire.removeAllListeners('msg');
    found.wire.on('msg', (socket, frame) => {
      try {
        if (take(frame)) return;
      } catch (error) {
        log.error(`what came for a frame of ours could not be handed on: ${textOf(error)}`);
        return;
      }
      for (const listener of listeners) listener(socket, frame);
    });
  }

  return {
    connected,
    disconnected: () => {
      frames.clear();
      transactions.clear();
    },

    answer: (res, { status, reason, headers }, done) => {
      const answer = res as ResponseAtRunTime;
      const phrase = reason || PHRASES[status];
      const socket = answer.socket;
      if (inside === undefined || phrase === undefined || !inside.isUsable(socket) || !isPlain(answer))
        return undefined;
      const { msg, req } = answer;
      const id = inside.wire.send(
        socket,
        `sip|${req.stackTxnId}|\r\nSIP/2.0 ${status} ${phrase}\r\n${linesOf(msg.headers)}${linesOf(headers)}content-length: 0\r\n\r\n`,
      );
      frames.set(id, ([said = '', why = '']) => done(said === 'OK' ? undefined : why));
      msg.status = status;
      msg.reason = phrase;
      answer.finished = true;
      answer.emit('end', { status, reason: phrase });
      setImmediate(() => answer.emit('finish'));
      return () => frames.delete(id);
    },

    request: (
      uri,
      { method, headers, body = '', proxy, stackDialogId = '' },
      { refused, sent, answered },
    ) => {
      const socket = inside?.socket();
      if (inside === undefined || !inside.isUsable(socket)) return undefined;
      const to = proxy === undefined ? '' : `|${proxy}`;
      const id = inside.wire.send(
        socket,
        `sip||${stackDialogId}${to}\r\n${method} ${uri} SIP/2.0\r\n${linesOf(headers)}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
      let transaction: string | undefined;
      let forgotten = false;
      frames.set(id, (token, frame) => {
        transaction = token[7];
        if (token[0] !== 'OK' || transaction === undefined) {
          refused(asError(token[1]));
          return;
        }
        if (!forgotten) transactions.set(transaction, answered);
        sent(cseqOf(frame));
      });
      return () => {
        // That it was acknowledged still counts: others wait for that.
        forgotten = true;
        if (transaction !== undefined) transactions.delete(transaction);
      };
    },
  };
}

/** As drachtio-srf made it, and nobody has changed it since. */
function isPlain(answer: ResponseAtRunTime): boolean {
  const { req, msg } = answer;
  return (
    req.method !== 'INVITE' &&
    !Object.hasOwn(answer, 'send') &&
    Object.keys(msg.headers).every((name) => COPIED.has(name))
  );
}

function linesOf(headers: Readonly<Record<string, string>>): string {
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
