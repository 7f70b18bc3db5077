/**
 * What drachtio-server's buffers do to frames of an app. The embedded front end does
 * the same only with its switches on, and is asked so here.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { UdpPeer } from '../support/sip/peer.ts';
import { framed, type RawApp } from './raw-app.ts';
import { Target } from './target.ts';

describe('limits of the admin connection', () => {
  let target: Target;
  beforeAll(async () => {
    target = await Target.open({ faults: { wedge: true, cuts: true } });
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  /** Somebody who is to get a body of so many bytes, and the app that has sent it. */
  async function sent(length: number): Promise<{ readonly app: RawApp; readonly phone: UdpPeer }> {
    const app = await target.app([]);
    const phone = await target.udp();
    const uri = `sip:bob@127.0.0.1:${phone.port}`;
    app.send(`sip||\r\nMESSAGE ${uri} SIP/2.0\r\nContent-Type: text/plain\r\n\r\n`, 'x'.repeat(length));
    return { app, phone };
  }

  it('passes a body of 11,900 bytes', async () => {
    const { phone } = await sent(11_900);
    expect((await phone.take()).body.length).toBe(11_900);
  });

  it.each([12_300, 20_000])(
    'never hears an app again after a frame with a body of %i bytes',
    async (length) => {
      const { app, phone } = await sent(length);
      await target.caughtUp();
      await phone.nothing();
      app.send('ping');
      await target.caughtUp();
      expect(app.waiting).toEqual([]);
      const other = await target.app([]);
      expect((await other.call('ping')).result).toBe('OK|pong');
    },
  );

  it.each([1_000, 3_000])('takes a burst of 20 frames of %i bytes', async (length) => {
    const app = await target.app([]);
    const phone = await target.udp();
    const uri = `sip:bob@127.0.0.1:${phone.port}`;
    const frames = [...Array(20).keys()].map((at) =>
      framed(
        `burst-${at}|sip||\r\nMESSAGE ${uri} SIP/2.0\r\nContent-Type: text/plain\r\n\r\n${'x'.repeat(length)}`,
      ),
    );
    app.socket.write(Buffer.concat(frames));
    for (let at = 0; at < 20; at += 1) expect((await phone.take()).body.length).toBe(length);
  });

  it('cuts a body at its first NUL', async () => {
    const app = await target.app([]);
    const phone = await target.udp();
    await app.request(`MESSAGE sip:bob@127.0.0.1:${phone.port} SIP/2.0`, ['Content-Type: text/plain'], {
      body: 'ab\0cd',
    });
    expect((await phone.take()).body.toString()).toBe('ab');
  });

  it('loses the headers behind 8,400 bytes, the Content-Type with them', async () => {
    const app = await target.app([]);
    const headers = [...Array(90).keys()].map((at) => `X-Filler-${at}: ${'y'.repeat(90)}`);
    const echo = await app.request(
      'MESSAGE sip:bob@127.0.0.1:9 SIP/2.0',
      [...headers, 'Content-Type: text/plain'],
      {
        body: 'hello',
      },
    );
    expect(echo.result).toBe('NOK|missing content-type');
  });
});
