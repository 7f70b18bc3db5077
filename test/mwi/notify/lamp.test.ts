/** One truth from several sources: the lamp of messages that wait, and what restarts and lost connections do to it. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MwiOptions } from '../../../lib/mwi/request/options.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { Phone } from '../../support/phone.ts';
import { LampPhone, forgotten, numberOf, stateOf, voice } from '../../support/lamp-phone.ts';
import { until } from '../../support/until.ts';

let node: TestNode;
let lamp: LampPhone;
let alice: Phone;
const mailbox = 'bob@example.org';

async function start(mwi: MwiOptions = {}): Promise<void> {
  node = await startNode({
    mwi: { notifyInterval: 0, ...mwi },
    silo: { checkTime: 1, sendAtHeader: 'X-Send-At' },
  });
  lamp = await LampPhone.start('bob', { server: node.server });
  alice = await Phone.start('alice', { server: node.server });
}
beforeEach(() => start());
afterEach(stop);

async function stop(): Promise<void> {
  lamp.close();
  alice.close();
  await node.close();
}
async function restart(mwi: MwiOptions): Promise<void> {
  await stop();
  await start(mwi);
}
const says = (text: string) => lamp.sees((notify) => notify.body.includes(text));
async function darkAgain(): Promise<void> {
  await until(() => lamp.texts.at(-1) === 'Messages-Waiting: no\r\n');
}

describe('the lamp of the silo', () => {
  test('goes on when a message is stored, and off when it is delivered', async () => {
    await lamp.subscribe();
    await lamp.notified(1);
    expect((await alice.message('bob', 'hello')).status).toBe(202);
    await says('Messages-Waiting: yes\r\nPager-Message: 1/0 (0/0)\r\n');
    const bob = await Phone.start('bob', { server: node.server });
    await bob.register({ expires: 60 });
    await bob.received(1);
    await darkAgain();
    bob.close();
  });

  test('counts urgent messages apart, and is right for who subscribes later', async () => {
    await alice.message('bob', 'one', { headers: { Priority: 'urgent' } });
    await alice.message('bob', 'two');
    await lamp.subscribe();
    await says('Pager-Message: 2/0 (1/0)');
  });

  test('goes off when the message expires', async () => {
    await lamp.subscribe();
    await alice.message('bob', 'brief', { headers: { Expires: '1' } });
    await says('Pager-Message: 1/0');
    await darkAgain();
  });

  test('goes on when the time of a reminder comes and its recipient is away', async () => {
    await lamp.subscribe();
    await lamp.notified(1);
    const due = new Date((Math.floor(Date.now() / 1000) + 2) * 1000);
    await alice.message('bob', 'now', { headers: { 'X-Send-At': due.toISOString() } });
    await says('Messages-Waiting: yes\r\nPager-Message: 1/0');
    expect(Date.now()).toBeGreaterThanOrEqual(due.getTime() - 20);
    expect(Date.now() - due.getTime()).toBeLessThan(10_000);
  });

  test('goes off when the answer of a live attempt comes late', async () => {
    await lamp.subscribe();
    const bob = await Phone.start('bob', { server: node.server, react: () => 480 });
    await bob.register({ expires: 60 });
    await alice.message('bob', 'late');
    await says('Pager-Message: 1/0');
    const [waiting] = await node.store.waiting(mailbox, Math.floor(Date.now() / 1000), 1);
    await node.silo.delivered(waiting!.key);
    await darkAgain();
    bob.close();
  });

  test('adds to what voicemail publishes', async () => {
    const voicemail = await LampPhone.start('voicemail', { server: node.server });
    await lamp.subscribe();
    await voicemail.publish(mailbox, voice(2));
    await alice.message('bob', 'hello');
    await says('Messages-Waiting: yes\r\nVoice-Message: 2/0 (0/0)\r\nPager-Message: 1/0 (0/0)\r\n');
    await voicemail.publish(mailbox, voice(0));
    await says('Messages-Waiting: yes\r\nVoice-Message: 0/0 (0/0)\r\nPager-Message: 1/0 (0/0)\r\n');
    voicemail.close();
  });

  test.each([
    ['voice', 'Messages-Waiting: yes\r\nVoice-Message: 1/0 (0/0)\r\n'],
    ['both', 'Messages-Waiting: yes\r\nVoice-Message: 1/0 (0/0)\r\nPager-Message: 1/0 (0/0)\r\n'],
    ['off', 'Messages-Waiting: no\r\n'],
  ] as const)('is shown as %s', async (showSilo, text) => {
    await restart({ showSilo });
    await alice.message('bob', 'hello');
    await lamp.subscribe();
    await lamp.notified(1);
    expect(lamp.texts).toEqual([text]);
  });

  test('names the account that the mailbox has', async () => {
    await restart({ account: 'sip:*97-{user}@{domain}' });
    await lamp.subscribe();
    await says('Message-Account: sip:*97-bob@example.org');
  });

  test('costs a mailbox that nobody watches no change', async () => {
    await alice.message('bob', 'hello');
    expect(await node.store.lastMailboxChange()).toBe(0);
    expect(node.calls.get('mailboxStates')).toBeUndefined();
  });
});

describe('when the node stops', () => {
  test('its phones are told to subscribe elsewhere, with the state, and nothing stays stored', async () => {
    const line = await lamp.subscribe();
    await lamp.notified(1);
    await node.mwi.close();
    const [, last] = await lamp.notified(2);
    expect(stateOf(last!)).toBe('terminated;reason=deactivated');
    expect(last!.body.toString()).toBe('Messages-Waiting: no\r\n');
    expect(await node.store.subscriptionIds([mailbox])).toEqual(new Set());
    await forgotten(node.srf, line);
  });
});

describe('when drachtio-server was restarted', () => {
  test('phones are told at once, with a CSeq above the last, and come back', async () => {
    const line = await lamp.subscribe();
    await lamp.again(line);
    const [, before] = await lamp.notified(2);
    await lamp.phone.heard();
    await node.front.restart();
    const last = await lamp.sees((notify) => stateOf(notify) === 'terminated;reason=deactivated');
    expect(numberOf(last)).toBeGreaterThan(numberOf(before!));
    expect(last.header('Call-ID')).toBe(line.callId);
    expect(last.header('From')).toContain(`tag=${line.toTag}`);
    expect(last.header('To')).toContain(`tag=${line.fromTag}`);
    expect(last.header('Event')).toBe('message-summary');
    expect(last.header('Contact')).toBe(before!.header('Contact'));
    expect((await lamp.again(line)).status).toBe(481);
    const fresh = await lamp.subscribe();
    expect(fresh.answer.status).toBe(200);
    await alice.message('bob', 'hello');
    await says('Pager-Message: 1/0');
    expect(node.mwi.size()).toBe(1);
  });

  test('the last NOTIFY takes the Record-Route of the SUBSCRIBE', async () => {
    const route = `<sip:127.0.0.1:${/:(\d+)/.exec(lamp.phone.contact.split('@')[1]!)![1]};lr>`;
    await lamp.subscribe({ 'Record-Route': route, Contact: '<sip:bob@phone.invalid>' });
    await lamp.notified(1);
    await node.front.restart();
    const [, last] = await lamp.notified(2);
    expect(last!.header('Route')).toBe(route);
    expect(last!.start).toBe('NOTIFY sip:bob@phone.invalid SIP/2.0');
  });
});

describe('when the connection to drachtio-server was lost', () => {
  test('phones are sent away, since their refreshes would be answered 481', async () => {
    const line = await lamp.subscribe();
    await lamp.notified(1);
    node.front.dropApps();
    const last = await lamp.sees((notify) => stateOf(notify) === 'terminated;reason=deactivated');
    expect(numberOf(last)).toBe(numberOf(lamp.notifies[0]!) + 1);
    await forgotten(node.srf, line);
    await until(() => node.mwi.size() === 0);
  });
});
