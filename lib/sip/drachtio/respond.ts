/** Answers: exactly one final one to each request, never more than drachtio-server passes, no control characters. */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { hasControl } from '../read/characters.ts';
import { MAX_ANSWER } from './frame.ts';
import type { ResponseOptions, SipResponse } from './messages.ts';
import { bytesOf, prepareCopied, withOwnHost } from './response-headers.ts';
import { ACKNOWLEDGE_LIMIT } from './srf.ts';
import type { Forget, ShortWay } from './wire/short-way.ts';
import type { FrameWindow } from './wire/window.ts';

const log = logger('sip:port');
/** What drachtio-server copies from the request is not ours to see: as much is put by for it. */
const COPIED = 1_000;

export type Respond = (res: SipResponse, status: number, options?: ResponseOptions) => void;

export function createRespond(window: FrameWindow, short?: Pick<ShortWay, 'answer'>): Respond {
  return function respond(
    res,
    status,
    { reason, headers = {}, toTag, body, onSent = () => undefined } = {},
  ): void {
    if (res.finalResponseSent) {
      onSent(false);
      return;
    }
    if (res.msg) prepareCopied(res.msg.headers, { method: res.req?.method, toTag });
    const clean: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers))
      if (!hasControl(value)) clean[name] = withOwnHost(name, value);
    const copied = res.msg ? bytesOf(res.msg.headers) : 0;
    const bytes = COPIED + copied + bytesOf(clean) + Buffer.byteLength(body ?? '');
    if (bytes > MAX_ANSWER && bytes > COPIED + copied) {
      // Sent, it would make drachtio-server deaf to everything that follows.
      log.error(`an answer ${status} of ${bytes} bytes is larger than drachtio passes: 500 instead`);
      respond(res, 500, { reason: 'The answer would be too large', onSent });
      return;
    }
    // It may have to wait for its turn, and has its answer nevertheless: for drachtio-srf, the host and us.
    res.finished = true;
    const options = { headers: clean, ...(body === undefined ? {} : { body }) };
    window.enter('answer', bytes, (acknowledged) => {
      res.finished = false;
      let forget: Forget | undefined;
      // Without a connection the callback may never come.
      const unacknowledged = setTimeout(() => done(false), ACKNOWLEDGE_LIMIT).unref();
      const done = once((sent: boolean) => {
        // Left to run out, it would keep each request that was answered for its whole time.
        clearTimeout(unacknowledged);
        forget?.();
        acknowledged();
        onSent(sent);
      });
      const heard = (error: unknown) => {
        done(!error);
        if (error) log.warn(`the answer ${status} did not go out: ${textOf(error)}`);
      };
      const phrase = cleanReason(reason);
      try {
        if (body === undefined)
          forget = short?.answer(res, { status, reason: phrase, headers: clean }, heard);
        if (forget === undefined) sendKnown((code) => res.send(code, phrase, options, heard), status);
      } catch (error) {
        done(false);
        log.warn(`the answer ${status} could not be sent: ${textOf(error)}`);
        if (status !== 500) respond(res, 500);
      }
    });
  };
}

/** drachtio-srf knows the registered codes; any other means what the first of its class does (RFC 3261 8.1.3.2). */
function sendKnown(send: (code: number) => void, status: number): void {
  try {
    send(status);
  } catch (error) {
    if (!/valid sip response code/.test(textOf(error))) throw error;
    send(Math.floor(status / 100) * 100);
  }
}

function once<T>(work: (value: T) => void): (value: T) => void {
  let called = false;
  return (value) => {
    if (!called) work(value);
    called = true;
  };
}

/** A reason phrase is one line of readable text; ours may be long sentences. */
function cleanReason(reason: string | undefined): string {
  if (reason === undefined) return '';
  return reason.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 200);
}
