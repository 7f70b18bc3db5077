/** What a hostile review of the lamps found, each as it should be. */
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { LampPhone, forgotten, numberOf, stateOf, voice } from '../support/lamp-phone.ts';
import { until } from '../support/until.ts';

const MAILBOX = 'bob@example.org';
let node: TestNode;
let bob: LampPhone;
let voicemail: LampPhone;
let time: number;

async function start(options: TestNodeOptions = {}): Promise<void> {
  time = Math.floor(Date.now() / 1000);
  node = await startNode({
    now: () => time,
    front: { timers: { F: 1000 } },
    mwi: { notifyInterval: 0 },
    ...options,
  });
  bob = await LampPhone.start('bob', { server: node.server });
  voicemail = await LampPhone.start('voicemail', { server: node.server });
}
const moved = () => bob.phone.contact.replace('>', ';x=1>');
const numbers = () => bob.notifies.map(numberOf);
const leftBy = async (name: string) => {
  const runs = await node.store.subscribedRuns(name);
  const left = await Promise.all(runs.map((run) => node.store.subscriptionsOf(name, run, '', 100)));
  return left.flat();
};

beforeEach(() => start());
afterEach(async () => {
  bob.close();
  voicemail.close();
  await node.close();
});

test('a second Event id in a dialog that has moved follows it: rising CSeq, the new target, the right lamp', async () => {
  const line = await bob.subscribe();
  await bob.notified(1);
  await bob.again(line, { Contact: moved() });
  await bob.notified(2);
  await bob.again(line, { Contact: moved(), Event: 'message-summary;id=2' });
  await bob.notified(3);
  await voicemail.publish(MAILBOX, voice(1));
  await bob.notified(5);
  expect(new Set(numbers()).size).toBe(numbers().length);
  expect(numbers()).toEqual([...numbers()].sort((a, b) => a - b));
  expect(bob.notifies.slice(1).every((notify) => notify.start.includes(';x=1'))).toBe(true);
  for (const id of ['message-summary', 'message-summary;id=2'])
    expect(
      bob.notifies
        .filter((notify) => notify.header('Event') === id)
        .at(-1)!
        .body.toString(),
    ).toContain('Voice-Message: 1/0');
});

test('an old NOTIFY that times out does not end a subscription that was refreshed meanwhile', async () => {
  const line = await bob.subscribe({ Expires: '3600' });
  await bob.notified(1);
  bob.phone.react = () => 'silence';
  await voicemail.publish(MAILBOX, voice(1));
  await bob.notified(2);
  bob.phone.react = () => 200;
  expect((await bob.again(line, { Expires: '3600' })).status).toBe(200);
  await until(() => bob.notifies.length >= 3);
  expect(stateOf(bob.notifies.at(-1)!)).toContain('active');
  expect(bob.notifies.at(-1)!.body.toString()).toContain('Voice-Message: 1/0');
});

test('an Event id too long to be echoed is refused before anything is promised', async () => {
  for (const expires of ['0', '3600']) {
    const { answer } = await bob.subscribe({
      Event: `message-summary;id=${'x'.repeat(129)}`,
      Expires: expires,
    });
    expect(answer.status).toBe(400);
  }
  expect(node.mwi.size()).toBe(0);
});

test('a phone that subscribes again with its old Call-ID gets its lamp at the second try', async () => {
  const again = { 'Call-ID': 'fixed', From: `<sip:${MAILBOX}>;tag=fixed` };
  await bob.subscribe({ ...again, CSeq: '1 SUBSCRIBE' });
  await bob.notified(1);
  expect((await bob.subscribe({ ...again, CSeq: '1 SUBSCRIBE' })).answer.status).toBe(482);
  const { answer } = await bob.subscribe({ ...again, CSeq: '2 SUBSCRIBE' });
  expect([answer.status, answer.header('Retry-After')]).toEqual([503, '1']);
  await bob.notified(2);
  expect(stateOf(bob.notifies[1]!)).toContain('terminated');
  await until(() => node.mwi.size() === 0);
  expect((await bob.subscribe({ ...again, CSeq: '3 SUBSCRIBE' })).answer.status).toBe(200);
});

test('a display name that looks like a tag stays whole', async () => {
  const From = `"a;tag=b c" <sip:${MAILBOX}>;tag=real`;
  const line = await bob.subscribe({ From });
  await bob.notified(1);
  await bob.again({ ...line, fromTag: 'real' }, { From, Contact: moved() });
  await bob.notified(2);
  expect(bob.notifies[1]!.header('To')).toBe(From);
});

test('a last NOTIFY that was lost with the connection is sent when that is back', async () => {
  const line = await bob.subscribe({ Expires: '60' });
  await bob.notified(1);
  await bob.phone.heard();
  node.front.dropApps();
  time += 61;
  await until(() => bob.notifies.some((notify) => stateOf(notify).startsWith('terminated')));
  await forgotten(node.srf, line);
});

test('while the node stops a SUBSCRIBE gets 503', async () => {
  await bob.subscribe();
  await bob.notified(1);
  const closing = node.mwi.close();
  const { answer } = await bob.subscribe({ Contact: moved() });
  expect([answer.status, answer.header('Retry-After')]).toEqual([503, '5']);
  await closing;
});

test('a phone that comes back before its old dialog was ended has both put right', async () => {
  const folder = temporaryFolder('silo-lamp');
  await node.close();
  await start({ storeUrl: `sqlite:${join(folder.path, 'silo.db')}` });
  const line = await bob.subscribe({ Expires: '3600' });
  await bob.notified(1);
  const [row] = await leftBy('node');
  // As after a crash: the row is there, nobody serves it, and the phone is faster than the good-byes.
  await node.store.unsubscribe([row!.id]);
  await node.store.subscribe({
    ...row!,
    id: 'f'.repeat(32),
    callId: row!.callId,
    run: 'an earlier run',
  });
  const fresh = await bob.subscribe({ Expires: '3600' });
  expect(fresh.answer.status).toBe(200);
  await until(() => bob.of(line).some((notify) => stateOf(notify).startsWith('terminated')));
  await forgotten(node.srf, line);
  expect(await leftBy('node')).toHaveLength(1);
  folder.remove();
});

test('a fetch while the store is away gets 503, not an empty state', async () => {
  const away = vi.spyOn(node.store, 'mailboxStates').mockRejectedValue(new Error('away'));
  const { answer } = await bob.subscribe({ Expires: '0' });
  away.mockRestore();
  expect(answer.status).toBeGreaterThanOrEqual(500);
  const { callId } = await bob.subscribe();
  await bob.notified(1);
  expect(bob.notifies.map((notify) => notify.header('Call-ID'))).toEqual([callId]);
});
