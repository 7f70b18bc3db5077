/**
 * drachtio-server sends what is for a Contact over whatever connection has registered its user and host last. A user who registers,
 * as himself, the Contact of somebody else gets nothing of it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import { until } from '../support/until.ts';
import { asking, login, PASSWORD, type Asking } from './asking.ts';

const BOB = 'bob@example.org';

let begun: Asking;
let bob: Phone;
let alice: Phone;
let thief: Phone;
beforeEach(async () => {
  begun = await asking({ mwi: { publishers: [], notifyInterval: 0, spread: 0 } });
  bob = await begun.owner('bob');
  alice = await begun.owner('alice');
  thief = await begun.phone('alice', { transport: 'tcp', login: login('alice', PASSWORD) });
});
afterEach(() => begun.close());

/** The thief's registration of bob's Contact, with a port of no matter. */
async function steal(expires = 600): Promise<void> {
  const host = /@([^:]+):/.exec(bob.contact)?.[1] ?? '';
  const contact = `<sip:bob@${host}:9;transport=tcp>`;
  expect((await thief.register({ contact, expires })).status).toBe(200);
}

describe('whoever registers the Contact of somebody else over TCP', () => {
  test('gets none of his messages: they wait, and come when the thief is gone', async () => {
    await bob.register();
    await steal();
    expect((await alice.message('bob', 'for bob alone')).status).toBe(202);
    await thief.heard();
    expect([thief.messages, bob.messages]).toEqual([[], []]);
    await steal(0);
    await bob.register();
    await bob.received(1);
    expect(bob.texts).toEqual(['for bob alone']);
    expect(thief.messages).toEqual([]);
  });

  test('sees nothing of his lamp', async () => {
    const watch = { Contact: bob.contact, Event: 'message-summary', Expires: '600' };
    expect((await bob.request('SUBSCRIBE', `sip:${BOB}`, BOB, watch)).status).toBe(200);
    await until(() => expect(bob.requests).toHaveLength(1));
    await steal();
    expect((await alice.message('bob', 'one')).status).toBe(202);
    await thief.heard();
    await steal(0);
    await until(() => expect(bob.requests.at(-1)?.text).toContain('Pager-Message: 1/0'));
    expect(thief.requests).toEqual([]);
  });

  test('takes nothing from a phone that has come back over a connection of its own', async () => {
    await steal();
    const back = await begun.phone('bob', { transport: 'tcp', login: login('bob', PASSWORD) });
    const host = /@([^:]+):/.exec(bob.contact)?.[1] ?? '';
    await back.register({ contact: `<sip:bob@${host}:9;transport=tcp>` });
    expect((await alice.message('bob', 'again')).status).toBe(200);
    expect([back.texts, thief.messages]).toEqual([['again'], []]);
  });
});
