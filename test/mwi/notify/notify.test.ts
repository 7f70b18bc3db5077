/** NOTIFY as RFC 6665 (4.2.2) and RFC 3842 (3.8 to 3.11) want it, over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MwiOptions } from '../../../lib/mwi/request/options.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { realTime } from '../../support/real-time.ts';
import type { Sip } from '../../support/sip/message.ts';
import { LampPhone, forgotten, numberOf, stateOf, voice } from '../../support/lamp-phone.ts';
import { until } from '../../support/until.ts';

let node: TestNode;
let bob: LampPhone;
let voicemail: LampPhone;
let time = 0;

async function start(mwi: MwiOptions = {}): Promise<void> {
  time = Math.floor(Date.now() / 1000);
  node = await startNode({ now: () => time, front: { timers: { F: 400 } }, mwi });
  bob = await LampPhone.start('bob', { server: node.server });
  voicemail = await LampPhone.start('voicemail', { server: node.server });
}
async function stop(): Promise<void> {
  bob.close();
  voicemail.close();
  await node.close();
}
beforeEach(() => start());
afterEach(stop);

const mailbox = 'bob@example.org';
const leave = (count: number) => voicemail.publish(mailbox, voice(count));
const lastText = () => bob.texts.at(-1);

test('a change is told at once, and says what changed', async () => {
  await bob.subscribe();
  await bob.notified(1);
  await realTime(1000, 'pace');
  const asked = performance.now();
  await leave(2);
  const [, notify] = await bob.notified(2);
  await leave(3);
  const [, , next] = await bob.notified(3);
  // Not as long as one that comes within the interval after it has to wait.
  expect(notify!.at - asked).toBeLessThan(next!.at - notify!.at);
  expect(notify!.body.toString()).toBe('Messages-Waiting: yes\r\nVoice-Message: 2/0 (0/0)\r\n');
});

test('ten changes within a second give two NOTIFYs, a second apart, the last one with the last state', async () => {
  await bob.subscribe();
  await bob.notified(1);
  await leave(1);
  await bob.notified(2);
  await Promise.all([2, 3, 4, 5, 6, 7, 8, 9, 10].map(leave));
  const [, first, second] = await bob.notified(3);
  // What would still be on its way comes before the next change.
  await leave(11);
  await bob.notified(4);
  expect(bob.texts.map((text) => /\d+(?=\/0 )/.exec(text)?.[0])).toEqual([undefined, '1', '10', '11']);
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(1000);
});

test('a change that ends where it began tells nothing', async () => {
  await bob.subscribe();
  await bob.notified(1);
  await leave(1);
  await leave(0);
  await voicemail.publish(mailbox, 'Messages-Waiting: no\r\n');
  const looks = () => node.calls.get('mailboxStates');
  const before = looks();
  await until(() => looks() !== before);
  await leave(5);
  await bob.notified(2);
  expect(bob.texts).toEqual([
    'Messages-Waiting: no\r\n',
    'Messages-Waiting: yes\r\nVoice-Message: 5/0 (0/0)\r\n',
  ]);
});

test('while one is unanswered none follows; then the newest state does', async () => {
  let release: (status: number) => void = () => undefined;
  let outstanding = 0;
  let most = 0;
  bob.phone.react = () => {
    most = Math.max(most, ++outstanding);
    return new Promise<number>((resolve) => {
      release = (status) => {
        outstanding--;
        resolve(status);
      };
    });
  };
  const line = await bob.subscribe();
  await bob.notified(1);
  for (const count of [1, 2, 3]) await leave(count);
  await bob.again(line);
  // Another phone hears of all that.
  const desk = await LampPhone.start('bob', { server: node.server });
  await desk.subscribe();
  await desk.sees(({ text }) => text.includes('Voice-Message: 3/0'));
  desk.close();
  expect(bob.notifies).toHaveLength(1);
  release(200);
  await bob.notified(2);
  release(200);
  expect(lastText()).toContain('Voice-Message: 3/0');
  expect(most).toBe(1);
  expect(bob.notifies.map(numberOf)).toEqual([0, 1].map((step) => numberOf(bob.notifies[0]!) + step));
});

test('the time left falls from NOTIFY to NOTIFY, and grows only with a refresh', async () => {
  await stop();
  await start({ notifyInterval: 0 });
  const line = await bob.subscribe({ Expires: '600' });
  await bob.notified(1);
  time += 100;
  await leave(1);
  await bob.notified(2);
  await bob.again(line, { Expires: '300' });
  await bob.notified(3);
  expect(bob.notifies.map(stateOf)).toEqual(['600', '500', '300'].map((left) => `active;expires=${left}`));
});

test('when its time is over a subscription is told so, with the state, and is gone', async () => {
  const line = await bob.subscribe({ Expires: '60' });
  await bob.notified(1);
  time += 59;
  const looks = () => node.calls.get('turnedBoxes') ?? 0;
  const before = looks();
  await until(() => looks() > before + 1);
  expect(bob.notifies).toHaveLength(1);
  time += 1;
  const [, last] = await bob.notified(2);
  expect(stateOf(last!)).toBe('terminated;reason=timeout');
  expect(last!.body.toString()).toBe('Messages-Waiting: no\r\n');
  await forgotten(node.srf, line);
  await expect.poll(() => node.mwi.size()).toBe(0);
  await expect.poll(() => node.store.subscriptionIds([mailbox])).toEqual(new Set());
  // RFC 3842 3.6: who comes too late begins anew.
  expect((await bob.again(line)).status).toBe(481);
});

describe('the answer to a NOTIFY', () => {
  test.each([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604])(
    '%i ends the subscription',
    async (status) => {
      bob.phone.react = (request) => (stateOf(request).startsWith('active') ? status : 200);
      const line = await bob.subscribe();
      // The server keeps its dialog until it has seen a last NOTIFY.
      await forgotten(node.srf, line);
      await leave(1);
      await until(() => node.mwi.size() === 0);
      expect(bob.notifies.map(stateOf)).toEqual([
        'active;expires=600',
        'terminated;reason=probation;retry-after=60',
      ]);
      expect(await node.store.subscriptionIds([mailbox])).toEqual(new Set());
    },
  );

  test('silence ends the subscription', async () => {
    bob.phone.react = () => 'silence';
    await bob.subscribe();
    await until(() => node.mwi.size() === 0);
    expect(await node.store.subscriptionIds([mailbox])).toEqual(new Set());
  });

  test.each([403, 486, 500, 503, 401, 407, 603])(
    '%i keeps it, the next SUBSCRIBE is served',
    async (status) => {
      let answered = 0;
      bob.phone.react = () => (answered++ === 0 ? status : 200);
      const line = await bob.subscribe();
      await bob.notified(1);
      expect((await bob.again(line)).status).toBe(200);
      await bob.notified(2);
      expect(node.mwi.size()).toBe(1);
    },
  );

  test('with Retry-After is tried again after that time, with the state of then', async () => {
    let answered = 0;
    bob.phone.react = () => (answered++ === 0 ? { status: 503, headers: { 'Retry-After': '1' } } : 200);
    await bob.subscribe();
    await bob.notified(1);
    await leave(4);
    const [first, second] = await bob.notified(2);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1000);
    expect(second!.body.toString()).toContain('Voice-Message: 4/0');
  });
});

test('every NOTIFY has Event, Subscription-State, Contact, and a type for its body', async () => {
  const line = await bob.subscribe({ Event: 'message-summary;id=9' });
  await leave(1);
  await bob.again(line, { Event: 'message-summary;id=9' });
  await bob.again(line, { Event: 'message-summary;id=9', Expires: '0' });
  await bob.sees((notify) => stateOf(notify).startsWith('terminated'));
  const complete = (notify: Sip) =>
    notify.header('Event') === 'message-summary;id=9' &&
    /^(?:active;expires=\d+|terminated;reason=timeout)$/.test(stateOf(notify)) &&
    notify.header('Contact') !== '' &&
    notify.header('Content-Type') === 'application/simple-message-summary';
  expect(bob.notifies.every(complete)).toBe(true);
});
