/** Which app gets a request, and what happens when apps come and go. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { request, tag } from '../support/sip/message.ts';
import type { RawApp } from './raw-app.ts';
import { arrive, nothing, Target } from './target.ts';
import { until } from '../support/until.ts';

describe('routing of new requests', () => {
  let target: Target;
  beforeAll(async () => {
    target = await Target.open();
  });
  afterEach(() => target.tidy());
  afterAll(() => target.end());

  /** Sends so many requests and counts what each app gets. */
  async function shares(apps: readonly RawApp[], count: number): Promise<number[]> {
    const phone = await target.udp();
    for (let at = 0; at < count; at += 1) phone.send(request(phone, 'MESSAGE'));
    const got = () => apps.map(({ waiting }) => waiting.length);
    await until(() => got().reduce((sum, each) => sum + each) === count);
    const shares = got();
    for (const app of apps)
      while (app.waiting.length > 0) {
        await app.respond((await app.take()).transactionId, '200 OK');
        await phone.take();
      }
    for (const app of apps) await nothing(phone, app);
    return shares;
  }

  it('answers 503 with a To tag and without Retry-After when nobody wants the method', async () => {
    await target.app(['register']);
    const phone = await target.udp();
    phone.send(request(phone, 'MESSAGE'));
    const answer = await phone.take();
    expect(answer.status).toBe(503);
    expect(tag(answer.header('to'))).not.toBe('');
    expect(answer.all('retry-after')).toEqual([]);
  });

  it('shares requests evenly between apps', async () => {
    expect(await shares([await target.app(['message']), await target.app(['message'])], 20)).toEqual([
      10, 10,
    ]);
  });

  it('counts an app twice that has asked twice', async () => {
    const [once, twice] = await shares(
      [await target.app(['message']), await target.app(['message', 'message'])],
      30,
    );
    expect([once, twice]).toEqual([10, 20]);
  });

  it('takes every verb from an app that removes one', async () => {
    const app = await target.app(['message', 'register']);
    await app.call('remove_route|register');
    const phone = await target.udp();
    phone.send(request(phone, 'MESSAGE'));
    expect((await phone.take()).status).toBe(503);
  });

  it('swallows retransmissions of a request that waits, and lets any connection answer it by its id', async () => {
    const app = await target.app(['message']);
    const phone = await target.udp();
    const message = request(phone, 'MESSAGE');
    phone.send(message);
    const frame = await app.take();
    phone.send(message);
    phone.send(message);
    await nothing(phone, app);
    await app.close();
    const other = await target.app([]);
    expect((await other.respond(frame.transactionId, '202 Accepted')).tokens[3]).toBe('OK');
    expect((await phone.take()).status).toBe(202);
  });

  it('says nothing to the sender when the app goes away', async () => {
    const app = await target.app(['message']);
    const phone = await target.udp();
    await arrive(phone, app, 'MESSAGE');
    await app.close();
    await phone.nothing();
  });

  it('goes on with the other app when one has left', async () => {
    const [first, second] = [await target.app(['message']), await target.app(['message'])];
    await first.close();
    await target.caughtUp();
    expect(await shares([second], 6)).toEqual([6]);
  });

  it('drops the answers to the requests of an app that has left', async () => {
    const app = await target.app([]);
    const phone = await target.udp();
    await app.request(`OPTIONS sip:x@127.0.0.1:${phone.port} SIP/2.0`);
    const options = await phone.take();
    await app.close();
    const other = await target.app([]);
    phone.send(`SIP/2.0 200 OK\r\n${options.lines.join('\r\n')}\r\n\r\n`);
    await nothing(phone, other);
  });
});
