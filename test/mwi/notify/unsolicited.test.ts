/** NOTIFY for phones that never subscribe. */
import { afterEach, expect, test } from 'vitest';
import type { MwiOptions } from '../../../lib/mwi/request/options.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import type { RegisterOptions } from '../../support/phone.ts';
import type { Sip } from '../../support/sip/message.ts';
import { LampPhone, stateOf, voice } from '../../support/lamp-phone.ts';
import { until } from '../../support/until.ts';

let node: TestNode;
let bob: LampPhone;
let voicemail: LampPhone;
const mailbox = 'bob@example.org';

async function start(mwi: MwiOptions): Promise<void> {
  node = await startNode({ mwi: { notifyInterval: 0, ...mwi } });
  bob = await LampPhone.start('bob', { server: node.server });
  voicemail = await LampPhone.start('voicemail', { server: node.server });
}
afterEach(async () => {
  bob.close();
  voicemail.close();
  await node.close();
});
const NEUTRAL = 'Messages-Waiting: no\r\n';
const summary = (count: number) => `Messages-Waiting: yes\r\nVoice-Message: ${count}/0 (0/0)\r\n`;
const saying = (count: number) => (notify: Sip) => notify.text === summary(count);
const register = (options: RegisterOptions = {}) => bob.phone.register({ expires: 600, ...options });

test('is off unless asked for', async () => {
  await start({});
  await register();
  await voicemail.publish(mailbox, voice(1));
  const { callId } = await bob.subscribe();
  await voicemail.publish(mailbox, voice(2));
  await bob.sees(saying(2));
  expect(bob.notifies.map((notify) => [notify.header('Call-ID'), notify.text])).toEqual([
    [callId, summary(1)],
    [callId, summary(2)],
  ]);
});

test('comes after registration and on change, outside of any dialog', async () => {
  await start({ unsolicited: 'terminated' });
  await voicemail.publish(mailbox, voice(1));
  await register();
  const [notify] = await bob.notified(1);
  expect(notify!.start).toBe(`NOTIFY ${bob.phone.contact.slice(1, -1)} SIP/2.0`);
  expect(notify!.header('To')).toBe('<sip:bob@example.org>');
  expect(notify!.header('From')).toContain('<sip:bob@example.org>;tag=');
  expect(notify!.header('Event')).toBe('message-summary');
  expect(notify!.header('Contact')).toBe(`<sip:127.0.0.1:${node.server.port}>`);
  expect(stateOf(notify!)).toBe('terminated;reason=noresource');
  expect(notify!.body.toString()).toContain('Voice-Message: 1/0');
  await voicemail.publish(mailbox, voice(2));
  await bob.notified(2);
  expect(bob.texts[1]).toContain('Voice-Message: 2/0');
  expect(new Set(bob.notifies.map((one) => one.header('Call-ID'))).size).toBe(2);
});

test('can call itself active', async () => {
  await start({ unsolicited: 'active' });
  await register();
  const [notify] = await bob.notified(1);
  expect(stateOf(notify!)).toMatch(/^active;expires=(?:600|599)$/);
  expect(notify!.body.toString()).toBe('Messages-Waiting: no\r\n');
});

test('a refresh of the registration costs nothing, a phone that started anew is told again', async () => {
  await start({ unsolicited: 'terminated' });
  await register();
  await bob.notified(1);
  const looks = () => node.calls.get('mailboxStates') ?? 0;
  const before = looks();
  for (let times = 0; times < 10; times++) await register();
  await register({ callId: 'after-the-reboot' });
  await bob.notified(2);
  // One for the reboot; a mailbox that was not watched before is looked at once more.
  expect(looks() - before).toBeLessThan(5);
  await voicemail.publish(mailbox, voice(1));
  await bob.sees(saying(1));
  expect(bob.texts).toEqual([NEUTRAL, NEUTRAL, summary(1)]);
});

test.each([405, 481, 489, 501])('stops for good when the device refuses with %i', async (status) => {
  await start({ unsolicited: 'terminated' });
  bob.phone.react = () => status;
  await register();
  await bob.notified(1);
  await voicemail.publish(mailbox, voice(1));
  await register({ callId: 'again' });
  await voicemail.publish(mailbox, voice(2));
  // New software may have learnt it.
  await register({ callId: 'updated', headers: { 'User-Agent': 'phone/2' } });
  await bob.sees(saying(2));
  expect(bob.texts).toEqual([NEUTRAL, summary(2)]);
});

test('a device that is away is tried again when it registers', async () => {
  await start({ unsolicited: 'terminated' });
  bob.phone.react = () => 480;
  await register();
  await bob.notified(1);
  await bob.phone.heard();
  await voicemail.publish(mailbox, voice(1));
  bob.phone.react = () => 200;
  await register();
  await bob.notified(2);
  await voicemail.publish(mailbox, voice(2));
  await bob.sees(saying(2));
  expect(bob.texts).toEqual([NEUTRAL, summary(1), summary(2)]);
});

test('stops when the device subscribes, and nothing comes twice', async () => {
  await start({ unsolicited: 'terminated' });
  await register();
  await bob.notified(1);
  await bob.subscribe();
  await bob.notified(2);
  await voicemail.publish(mailbox, voice(1));
  await register({ callId: 'again' });
  await voicemail.publish(mailbox, voice(2));
  await bob.sees(saying(2));
  expect(bob.texts).toEqual([NEUTRAL, NEUTRAL, summary(1), summary(2)]);
  for (const notify of bob.notifies.slice(1)) expect(stateOf(notify)).toMatch(/^active/);
});

test('ends with the registration', async () => {
  await start({ unsolicited: 'terminated' });
  await register();
  await bob.notified(1);
  await bob.phone.unregister();
  await voicemail.publish(mailbox, voice(1));
  await register();
  await bob.notified(2);
  await register({ contact: '*', expires: 0 });
  await voicemail.publish(mailbox, voice(2));
  await voicemail.publish(mailbox, voice(3));
  await register();
  await bob.notified(3);
  await voicemail.publish(mailbox, voice(4));
  await bob.sees(saying(4));
  expect(bob.texts).toEqual([NEUTRAL, ...[1, 3, 4].map(summary)]);
});

test('shows messages of the silo that were stored while the phone was away, until they are delivered', async () => {
  await start({ unsolicited: 'terminated' });
  await voicemail.phone.message('bob', 'hello');
  // It takes the message when it has heard that one waits.
  bob.phone.react = async (request) => {
    if (request.method === 'MESSAGE') await until(() => bob.texts.length > 0);
    return 200;
  };
  await register();
  await until(() => bob.texts.at(-1) === 'Messages-Waiting: no\r\n');
  expect(bob.texts[0]).toContain('Pager-Message: 1/0');
});
