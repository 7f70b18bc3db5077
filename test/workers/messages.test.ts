/** Several processes on the same boxes and lamps: order, no loss, and one that dies in the middle of it. */
import { afterEach, describe, expect, test } from 'vitest';
import { stateOf, voice } from '../support/lamp-phone.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { until } from '../support/until.ts';
import { Service } from './service.ts';

let service: Service | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** So many phones, for each of which so many messages wait. */
async function awaited(of: Service, phones: number, messages: number) {
  const alice = await of.phone('alice');
  const all = await Promise.all(numbers(phones).map((n) => of.phone(`bob${n}`)));
  for (const text of numbers(messages))
    await Promise.all(
      all.map(async ({ name }) => expect((await alice.message(name, `${text}`)).status).toBe(202)),
    );
  return all;
}

describe('several processes', { timeout: 60_000, ...needing(mariadbMissing()) }, () => {
  test('send what waits for a burst of devices in order, none of it lost or doubled', async () => {
    service = await Service.start({ SILO_LIMITS: 'no' });
    const phones = await awaited(service, 30, 6);
    await Promise.all(phones.map((phone) => phone.register({ expires: 600 })));
    await Promise.all(phones.map((phone) => phone.received(6, 30_000)));
    await until(async () => expect((await service!.store.ledger()).waiting).toBe(0));
    for (const { texts } of phones) expect(texts).toEqual(numbers(6).map(String));
    expect(await service.store.ledger()).toMatchObject({ delivered: 180, dead: 0 });
    // Each of them has done some of it.
    await service.signal(1, 'SIGKILL');
    await service.whole();
    const delivered = (await service.metrics()).get('silo_messages_ended_total{outcome="delivered"}') ?? 0;
    expect(delivered).toBeGreaterThan(0);
    expect(delivered).toBeLessThan(180);
  });

  test('tell each other who has registered: a message that waits for a retry is sent at once, whichever took the REGISTER', async () => {
    // Each knows at once what it has stored, and of what another has only after a minute.
    service = await Service.start({ SILO_TAIL_TIME: '60', SILO_LIVE_TIMEOUT: '1000' });
    const alice = await service.phone('alice');
    const phones = await Promise.all(numbers(6).map((n) => service!.phone(`bob${n}`)));
    for (const phone of phones) {
      phone.react = () => 480;
      await phone.register({ expires: 600 });
      expect((await alice.message(phone.name, 'waits')).status).toBe(202);
      phone.react = () => 200;
    }
    await Promise.all(phones.map((phone) => phone.register({ expires: 600 })));
    await until(async () => expect((await service!.store.ledger()).waiting).toBe(0));
    for (const { texts } of phones)
      expect(texts.filter((text) => text === 'waits').length).toBeGreaterThan(0);
  });

  test('when one is killed while it sends, another goes on: nothing is lost, and a device gets at most one message twice', async () => {
    service = await Service.start({ SILO_LIMITS: 'no' });
    const phones = await awaited(service, 20, 8);
    const took = () => phones.reduce((sum, { messages }) => sum + messages.length, 0);
    await Promise.all(phones.map((phone) => phone.register({ expires: 600 })));
    await until(() => took() >= 40);
    await service.signal(1, 'SIGKILL');
    await until(async () => expect((await service!.store.ledger()).waiting).toBe(0), 45_000);
    for (const { texts, messages } of phones) {
      expect([...new Set(texts)]).toEqual(numbers(8).map(String));
      expect(messages.length).toBeLessThanOrEqual(9);
      // Whoever gets one twice can tell.
      expect(new Set(messages.map((message) => message.header('Call-ID'))).size).toBe(8);
    }
    await service.whole();
  });

  test('serve lamps: whichever takes a SUBSCRIBE, a refresh, an end or a PUBLISH', async () => {
    service = await Service.start();
    const voicemail = await service.lampPhone('voicemail');
    const phones = await Promise.all(numbers(6).map((n) => service!.lampPhone(`bob${n}`)));
    const lines = await Promise.all(phones.map((phone) => phone.subscribe()));
    expect(lines.map(({ answer }) => answer.status)).toEqual(phones.map(() => 200));
    const tags: string[] = [];
    for (const { phone } of phones) {
      const published = await voicemail.publish(phone.aor, voice(2));
      expect(published.status).toBe(200);
      tags.push(published.header('SIP-ETag'));
    }
    const say = (text: string) =>
      until(() => phones.every(({ texts }) => texts.at(-1)?.includes(text) === true));
    await say('Voice-Message: 2/0');
    for (const [n, { phone }] of phones.entries()) {
      const headers = { 'SIP-If-Match': tags[n] ?? '' };
      expect((await voicemail.publish(phone.aor, voice(3), headers)).status).toBe(200);
    }
    await say('Voice-Message: 3/0');
    const again = await Promise.all(phones.map((phone, n) => phone.again(lines[n]!)));
    expect(again.map(({ status }) => status)).toEqual(phones.map(() => 200));
    const ended = await Promise.all(phones.map((phone, n) => phone.again(lines[n]!, { Expires: '0' })));
    expect(ended.map(({ status }) => status)).toEqual(phones.map(() => 200));
    await until(() => phones.every(({ notifies }) => stateOf(notifies.at(-1)!).startsWith('terminated')));
  });

  test('when one is killed, its lamps are told to come back, and the lamps of the other stay', async () => {
    service = await Service.start();
    const phones = await Promise.all(numbers(6).map((n) => service!.lampPhone(`bob${n}`)));
    await Promise.all(phones.map((phone) => phone.subscribe()));
    await Promise.all(phones.map((phone) => phone.notified(1)));
    await service.signal(2, 'SIGKILL');
    const sentAway = () =>
      phones.filter(({ notifies }) => notifies.map(stateOf).includes('terminated;reason=deactivated'));
    await until(() => sentAway().length === 3);
    await Promise.all(
      sentAway().map(async (phone) => expect((await phone.subscribe()).answer.status).toBe(200)),
    );
    const voicemail = await service.lampPhone('voicemail');
    for (const { phone } of phones) expect((await voicemail.publish(phone.aor, voice(1))).status).toBe(200);
    await until(() => phones.every(({ texts }) => texts.at(-1)?.includes('Voice-Message: 1/0') === true));
    await service.whole();
    expect(sentAway()).toHaveLength(3);
  });
});
