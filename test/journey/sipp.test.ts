/** The same journeys with a peer that nobody here has written. */
import { afterEach, describe, expect, test } from 'vitest';
import { needing } from '../support/needing.ts';
import { sippMissing } from '../support/sipp.ts';
import { fresh, journey, numbered, type Transport } from './journey.ts';
import { registerSipp, sendBySipp, type SippPhone } from './sipp-peers.ts';

const world = journey();
const phones: SippPhone[] = [];
afterEach(async () => {
  await Promise.all(phones.splice(0).map((phone) => phone.stop()));
});

describe.each<Transport>(['udp', 'tcp'])('sipp over %s', needing(sippMissing()), (transport) => {
  const peer = () => ({ server: world.app.server, transport });

  async function send(user: string, texts: readonly string[], status?: number): Promise<void> {
    const { errors, stats } = await sendBySipp(peer(), user, texts, status);
    expect(errors).toBe('');
    expect(stats).toMatchObject({ calls: texts.length, successful: texts.length, failed: 0 });
  }

  async function register(user: string, status?: number): Promise<SippPhone> {
    const phone = await registerSipp(peer(), user, status);
    phones.push(phone);
    return phone;
  }

  /** What was on its way before it has come. */
  async function sentinel(user: string, phone: SippPhone): Promise<void> {
    const alice = await world.phone('alice', { transport });
    const before = phone.texts().length;
    expect((await alice.message(user, 'sentinel')).status).toBeLessThan(300);
    await phone.received(before + 1);
  }

  test('messages for an offline user get 202, and arrive in order when the user registers', async () => {
    const user = fresh('sipp');
    const texts = [...numbered(99), 'hundred: zwölf 🙂'];
    await send(user, texts);
    const phone = await register(user);
    await phone.received(100);
    await sentinel(user, phone);
    expect(phone.texts()).toEqual([...texts, 'sentinel']);
  });

  test('messages for a registered user get 200 and arrive at once', async () => {
    const user = fresh('sipp');
    const phone = await register(user);
    await send(user, numbered(20), 200);
    expect(phone.texts()).toEqual(numbered(20));
  });

  test.each([404, 408, 415, 480, 486, 503])(
    'a phone that answers %d leaves the sender with 202, and a better phone gets the message',
    async (status) => {
      const user = fresh('sipp');
      const failing = await register(user, status);
      await send(user, ['hello']);
      expect(failing.texts()).toEqual(['hello']);
      // Asked again for the same message (same Call-ID), sipp would keep silent: it has done with that call.
      await failing.stop();
      const better = await register(user);
      await better.received(1);
      expect(better.texts()).toEqual(['hello']);
    },
  );

  test('a phone that answers 603 has refused: the sender hears it, nothing is stored', async () => {
    const user = fresh('sipp');
    const refusing = await register(user, 603);
    await send(user, ['unwanted'], 603);
    expect(refusing.texts()).toEqual(['unwanted']);
    await refusing.stop();
    const better = await register(user);
    await sentinel(user, better);
    // Over TCP the contact that has gone is reached by the same connection, so that one may come twice.
    expect([...new Set(better.texts())]).toEqual(['sentinel']);
  });
});
