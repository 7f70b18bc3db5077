/**
 * What takes long. All cases run at the same time over one app, told apart by
 * Call-ID. The pending time is shortened on the embedded front end; the rest runs with the real timers.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realTime } from '../support/real-time.ts';
import { reply, request } from '../support/sip/message.ts';
import type { UdpPeer } from '../support/sip/peer.ts';
import type { Frame, RawApp } from './raw-app.ts';
import { isReal, Target } from './target.ts';

const pending = isReal ? 64_000 : 20_000;

describe('patience', { timeout: pending + 15_000 }, () => {
  let target: Target;
  let app: RawApp;
  /** The stories run side by side from the start; each test waits for the end of its own. */
  const stories: (() => Promise<void>)[] = [];
  const story = (name: string, tell: () => Promise<void>) => {
    const at = stories.push(tell) - 1;
    it(name, () => running[at]);
  };
  let running: Promise<void>[] = [];
  beforeAll(async () => {
    target = await Target.open({ timers: { pending } });
    app = await target.app(['message', 'subscribe']);
    running = stories.map((tell) => tell());
    for (const one of running) one.catch(() => undefined);
  });
  afterAll(() => target.end());

  let count = 0;
  const newId = () => `patience-${process.pid}-${(count += 1)}`;
  const frameOf = (id: string, wait = 3_000): Promise<Frame> =>
    app.take(wait, (frame) => frame.message.header('call-id') === id);

  /** Sends the request, and again at these seconds, until it is told to stop. */
  async function times(phone: UdpPeer, seconds: number): Promise<number[]> {
    const seen: number[] = [];
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end) {
      const message = await phone.take(end - performance.now()).catch(() => undefined);
      if (message) seen.push(message.at);
    }
    return seen.map((at) => Math.round((at - (seen[0] ?? 0)) / 1_000));
  }

  story(
    'repeats an unanswered UDP request after 1 s, 2 s, then every 4 s, and gives up with 408 at 32 s',
    async () => {
      const [phone, id] = [await target.udp(), newId()];
      const echo = await app.request(`MESSAGE sip:silent@127.0.0.1:${phone.port} SIP/2.0`, [
        `Call-ID: ${id}`,
      ]);
      const repeats = times(phone, 33);
      const answer = await frameOf(id, 34_000);
      expect(answer.at - echo.at).toBeGreaterThan(31_750);
      expect(answer.at - echo.at).toBeLessThan(34_000);
      expect(answer.message.start).toBe('SIP/2.0 408 Request Timeout');
      expect(answer.tokens.slice(5, 7)).toEqual(['', '0']);
      expect(await repeats).toEqual([0, 1, 3, 7, 11, 15, 19, 23, 27, 31]);
    },
  );

  story('gives up on a silent TCP peer at 32 s too, without repeating', async () => {
    const [phone, id] = [await target.tcp(), newId()];
    const proxy = `sip:127.0.0.1:${phone.port};transport=tcp`;
    const echo = await app.request('MESSAGE sip:bob@example.com SIP/2.0', [`Call-ID: ${id}`], { proxy });
    await phone.take();
    const answer = await frameOf(id, 34_000);
    expect(answer.message.status).toBe(408);
    expect(answer.tokens[5]).toBe('');
    expect(answer.at - echo.at).toBeGreaterThan(31_500);
    await phone.nothing();
  });

  story('repeats every 4 s after a provisional answer', async () => {
    const [phone, id] = [await target.udp(), newId()];
    await app.request(`MESSAGE sip:busy@127.0.0.1:${phone.port} SIP/2.0`, [`Call-ID: ${id}`]);
    const message = await phone.take();
    phone.send(reply(message, 100, 'Trying'));
    const first = message.at;
    const seen = [await phone.take(6_000), await phone.take(6_000), await phone.take(6_000)];
    expect(seen.map((one) => Math.round((one.at - first) / 1_000))).toEqual([1, 5, 9]);
  });

  story('waits out the 32 s also when the connection breaks after sending', async () => {
    const [phone, id] = [await target.tcp(), newId()];
    const proxy = `sip:127.0.0.1:${phone.port};transport=tcp`;
    const echo = await app.request('MESSAGE sip:bob@example.com SIP/2.0', [`Call-ID: ${id}`], { proxy });
    await phone.take();
    await phone.close();
    const answer = await frameOf(id, 34_000);
    expect(answer.message.status).toBe(408);
    expect(answer.at - echo.at).toBeGreaterThan(31_500);
  });

  story('answers repeats of an answered UDP request for 32 s, and takes a later one as new', async () => {
    const [phone, callId] = [await target.udp(), newId()];
    const message = request(phone, 'MESSAGE', { callId });
    phone.send(message);
    await app.respond((await frameOf(callId)).transactionId, '202 Accepted');
    await phone.take();
    await realTime(30_000, 'SIP timers');
    phone.send(message);
    expect((await phone.take()).status).toBe(202);
    await realTime(3_500, 'SIP timers');
    phone.send(message);
    await app.respond((await frameOf(callId)).transactionId, '404 Not Found');
    expect((await phone.take()).status).toBe(404);
  });

  story(
    'forgets a request that no app answers after the pending time (64 s), and says nothing to its sender',
    async () => {
      const [phone, callId] = [await target.udp(), newId()];
      phone.send(request(phone, 'MESSAGE', { callId }));
      const frame = await frameOf(callId);
      await realTime(pending + 1_500, 'SIP timers');
      await phone.nothing();
      const late = await app.respond(frame.transactionId, '200 OK');
      expect(late.result).toBe('NOK|Response not sent due to unknown transaction');
      await phone.nothing();
    },
  );

  story('still takes an answer shortly before that', async () => {
    const [phone, callId] = [await target.udp(), newId()];
    phone.send(request(phone, 'MESSAGE', { callId }));
    const frame = await frameOf(callId);
    await realTime(pending - 2_000, 'SIP timers');
    expect((await app.respond(frame.transactionId, '202 Accepted')).tokens[3]).toBe('OK');
    expect((await phone.take()).status).toBe(202);
  });

  story('frees a dialog also by the 408 of a terminated NOTIFY', async () => {
    const [phone, callId] = [await target.udp(), newId()];
    const contact = `Contact: <sip:alice@127.0.0.1:${phone.port}>`;
    phone.send(request(phone, 'SUBSCRIBE', { callId, headers: [contact, 'Event: x', 'Expires: 60'] }));
    const echo = await app.respond((await frameOf(callId)).transactionId, '200 OK', ['Expires: 60']);
    const dialog = echo.tokens[11] ?? '';
    const notify = (state: string) =>
      app.request('NOTIFY sip:placeholder SIP/2.0', ['Event: x', `Subscription-State: ${state}`], { dialog });
    const [active, terminated] = [await notify('active'), await notify('terminated')];
    expect([active.tokens[3], terminated.tokens[3]]).toEqual(['OK', 'OK']);
    for (const sent of [active, terminated]) {
      const answer = await app.take(34_000, (frame) => frame.transactionId === sent.tokens[10]);
      expect(answer.message.status).toBe(408);
      expect(answer.dialogId).toBe(dialog);
    }
    expect((await notify('active')).result).toContain('unable to find dialog');
  });
});
