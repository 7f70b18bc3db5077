/** Answers that an app gives. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { request, tag, type Sip } from '../support/sip/message.ts';
import type { UdpPeer } from '../support/sip/peer.ts';
import type { RawApp } from './raw-app.ts';
import { arrive, Target } from './target.ts';

/**
 * In place of an answer to a SUBSCRIBE that can't be sent drachtio-server says 500 when a timer of another transaction next
 * runs out, which may be one of 32 s: till then a repeated request hears nothing either.
 */
const LATE = 70_000;

describe('responses of an app', () => {
  let target: Target;
  let app: RawApp;
  let phone: UdpPeer;
  beforeAll(async () => {
    target = await Target.open();
  });
  beforeEach(async () => {
    app = await target.app();
    phone = await target.udp();
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  async function answered(
    method: string,
    statusLine: string,
    headers: readonly string[] = [],
    body = '',
    asked: readonly string[] = [],
  ): Promise<{
    readonly result: string;
    readonly answer: Sip;
    readonly request: Sip;
    readonly transactionId: string;
  }> {
    const frame = await arrive(phone, app, method, { headers: asked });
    const echo = await app.respond(frame.transactionId, statusLine, headers, body);
    return {
      result: echo.result,
      answer: await phone.take(method === 'SUBSCRIBE' ? LATE : undefined),
      request: frame.message,
      transactionId: frame.transactionId,
    };
  }

  it('copies Via, From, To, Call-ID and CSeq, and adds a To tag', async () => {
    const { answer, request: asked } = await answered('MESSAGE', '486 Not Now Please');
    expect(answer.start).toBe('SIP/2.0 486 Not Now Please');
    for (const name of ['via', 'from', 'call-id', 'cseq'])
      expect(answer.header(name)).toBe(asked.header(name));
    expect(answer.header('to')).toMatch(/^<sip:bob@example\.com>;tag=.+/);
    expect(answer.header('content-length')).toBe('0');
    for (const name of ['Contact', 'Server', 'Date', 'Allow']) expect(answer.all(name)).toEqual([]);
  });

  it('copies the Record-Route of the request into a 2xx', async () => {
    const { answer } = await answered('MESSAGE', '200 OK', [], '', ['Record-Route: <sip:192.0.2.1;lr>']);
    expect(answer.all('record-route')).toEqual(['<sip:192.0.2.1;lr>']);
  });

  it('takes the To tag of the app', async () => {
    const { answer } = await answered('MESSAGE', '200 OK', ['To: <sip:bob@example.com>;tag=mine']);
    expect(tag(answer.header('to'))).toBe('mine');
  });

  it('passes Path, Service-Route and a body without Content-Type', async () => {
    const { answer } = await answered(
      'REGISTER',
      '200 OK',
      ['Path: <sip:p;lr>', 'Service-Route: <sip:s;lr>'],
      'body',
    );
    expect([answer.header('path'), answer.header('service-route')]).toEqual(['<sip:p;lr>', '<sip:s;lr>']);
    expect(answer.body.toString()).toBe('body');
    expect(answer.header('content-length')).toBe('4');
  });

  it('sends a list of Contacts as one line each, and a list of challenges as one line', async () => {
    const { answer } = await answered('REGISTER', '200 OK', ['Contact: <sip:a@b>;expires=3, <sip:c@d>']);
    expect(answer.all('contact')).toEqual(['<sip:a@b>;expires=3', '<sip:c@d>']);
    const challenge = 'WWW-Authenticate: Digest realm="a", nonce="1", Digest realm="b", nonce="2"';
    expect(
      (await answered('REGISTER', '401 Unauthorized', [challenge])).answer.all('www-authenticate'),
    ).toHaveLength(1);
  });

  it('adds a Contact to a 2xx of SUBSCRIBE, and to no other answer', async () => {
    const asked = [`Contact: <sip:alice@127.0.0.1:${phone.port}>`, 'Event: presence'];
    expect((await answered('SUBSCRIBE', '404 Not Found', [], '', asked)).answer.all('contact')).toEqual([]);
    expect((await answered('SUBSCRIBE', '200 OK', ['Expires: 60'], '', asked)).answer.header('contact')).toBe(
      `<sip:${target.sipText}>`,
    );
    expect((await answered('OPTIONS', '200 OK')).answer.all('contact')).toEqual([]);
  });

  it.each([
    ['Expires: abc', 'MESSAGE'],
    ['Contact: <sip:', 'REGISTER'],
    ['From: a,b', 'MESSAGE'],
    ['Content-Type: text', 'MESSAGE'],
    ['Retry-After: soon', 'MESSAGE'],
    ['Min-Expires: x', 'REGISTER'],
    ['Expires: null', 'SUBSCRIBE'],
  ])('turns an answer with "%s" into a 500', { timeout: 2 * LATE }, async (header, method) => {
    const asked = method === 'SUBSCRIBE' ? ['Contact: <sip:a@127.0.0.1>', 'Event: presence'] : [];
    const { result, answer, transactionId } = await answered(method, '200 OK', [header], '', asked);
    expect(result).toBe('NOK|Unknown server error sending response');
    expect(answer.start).toBe('SIP/2.0 500 Internal Server Error');
    const second = await app.respond(transactionId, '200 OK');
    expect(second.result).toBe('NOK|Response not sent due to unknown transaction');
  });

  it.each(['100 Trying', '180 Ringing'])(
    'follows a provisional %s with a 500, and refuses the final answer',
    async (line) => {
      const { result, answer, transactionId } = await answered('MESSAGE', line);
      expect(result).toMatch(/^OK\|application\|/);
      expect(answer.start).toBe(`SIP/2.0 ${line}`);
      expect((await phone.take()).status).toBe(500);
      const final = await app.respond(transactionId, '200 OK');
      expect(final.result).toBe('NOK|Response not sent due to unknown transaction');
      await phone.nothing();
    },
  );

  it('refuses a second final answer', async () => {
    const { transactionId } = await answered('MESSAGE', '200 OK');
    expect((await app.respond(transactionId, '200 OK')).result).toBe(
      'NOK|Response not sent due to unknown transaction',
    );
    await phone.nothing();
  });

  it('refuses an answer to a transaction it does not know', async () => {
    expect((await app.respond('no-such-id', '200 OK')).result).toBe(
      'NOK|Response not sent due to unknown transaction',
    );
  });

  it('sends 408 as it is', async () => {
    expect((await answered('MESSAGE', '408 Request Timeout')).answer.status).toBe(408);
  });

  it.each(['destroyed', 'half closed'])(
    'refuses an answer when the TCP connection of the sender is %s',
    async (how) => {
      const connection = await target.tcp();
      connection.send(request(connection, 'MESSAGE'));
      const frame = await app.take();
      if (how === 'destroyed') await connection.close();
      else connection.end();
      await target.caughtUp();
      expect((await app.respond(frame.transactionId, '200 OK')).tokens[3]).toBe('NOK');
    },
  );
});
