/** The NOTIFYs to one watcher, along the drawing that stands above the notifier. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Notifier, type NotifierState, type NotifyContent } from '../../../lib/mwi/notify/notifier.ts';
import type { Answer } from '../../../lib/sip/drachtio/messages.ts';
import { until } from '../../support/until.ts';
import { answerOf } from './answers.ts';

const INTERVAL = 60;
let notifier: Notifier;
let text: string;
let readFails: boolean;
let sent: (NotifyContent & { readonly at: number })[];
let answer: () => Answer | Promise<Answer>;
let gone: number;
let ended: number;

beforeEach(() => {
  text = 'one';
  readFails = false;
  sent = [];
  gone = ended = 0;
  answer = () => answerOf(200);
  notifier = new Notifier({
    read: () => (readFails ? Promise.reject(new Error('the store is away')) : Promise.resolve(text)),
    send: async (content) => {
      sent.push({ ...content, at: performance.now() });
      return answer();
    },
    onGone: () => gone++,
    onEnded: () => ended++,
    interval: INTERVAL,
  });
});
afterEach(() => notifier.stop());

const comesTo = (state: NotifierState) =>
  until(() => {
    expect(notifier.state).toBe(state);
  });
const texts = () => sent.map((content) => content.text);

/** Answered, and told once. */
async function quietAfterOne(): Promise<void> {
  notifier.subscribed();
  expect(notifier.state).toBe('sending');
  await comesTo('quiet');
  expect(texts()).toEqual(['one']);
}

test('a change waits for its time, and then tells the newest text', async () => {
  await quietAfterOne();
  text = 'two';
  notifier.changed();
  expect(notifier.state).toBe('waiting');
  text = 'three';
  notifier.changed();
  await comesTo('quiet');
  expect(texts()).toEqual(['one', 'three']);
  expect(sent[1]!.at - sent[0]!.at).toBeGreaterThanOrEqual(INTERVAL - 1);
});

test('a change that is none tells nothing', async () => {
  await quietAfterOne();
  notifier.changed();
  await comesTo('waiting');
  await comesTo('quiet');
  expect(texts()).toEqual(['one']);
});

test('an answered SUBSCRIBE, and an end, do not wait', async () => {
  await quietAfterOne();
  text = 'two';
  notifier.changed();
  expect(notifier.state).toBe('waiting');
  notifier.subscribed();
  expect(notifier.state).toBe('sending');
  await comesTo('quiet');
  notifier.changed();
  expect(notifier.state).toBe('waiting');
  notifier.end('timeout');
  await comesTo('stopped');
  expect(sent.map(({ end }) => end)).toEqual([undefined, undefined, 'timeout']);
  expect(ended).toBe(1);
});

test('what happens while one is out leads to one more', async () => {
  let release: (answer: Answer) => void = () => undefined;
  answer = () => new Promise((resolve) => (release = resolve));
  notifier.subscribed();
  await until(() => sent.length === 1);
  notifier.changed();
  notifier.subscribed();
  expect([notifier.state, sent.length]).toEqual(['sending', 1]);
  answer = () => answerOf(200);
  release(answerOf(200));
  await until(() => sent.length === 2);
  await comesTo('quiet');
});

test('what drachtio-server could not send is sent as soon as the device registers', async () => {
  answer = () => answerOf(503, { origin: 'stack' });
  notifier.subscribed();
  await comesTo('unreachable');
  notifier.changed();
  expect(notifier.state).toBe('unreachable');
  answer = () => answerOf(200);
  notifier.reachable();
  await comesTo('quiet');
  expect(texts()).toEqual(['one', 'one']);
});

test('a refusal that names a time waits for that, whether the device registers or not', async () => {
  answer = () => answerOf(503, {}, { 'Retry-After': '1' });
  notifier.subscribed();
  await comesTo('waiting');
  notifier.reachable();
  expect(notifier.state).toBe('waiting');
  answer = () => answerOf(200);
  await comesTo('quiet');
  expect(sent[1]!.at - sent[0]!.at).toBeGreaterThanOrEqual(999);
});

test('a refusal for good is told once; then the last NOTIFY may go out', async () => {
  answer = () => answerOf(481);
  notifier.subscribed();
  await until(() => gone === 1);
  await comesTo('quiet');
  notifier.end('probation');
  await comesTo('stopped');
  expect([gone, ended, sent.length]).toEqual([1, 1, 2]);
});

test('while the store is away nothing is told, and at the end no text', async () => {
  await quietAfterOne();
  readFails = true;
  text = 'two';
  notifier.subscribed();
  await comesTo('waiting');
  expect(texts()).toEqual(['one']);
  notifier.end('deactivated');
  await comesTo('stopped');
  expect(texts()).toEqual(['one', undefined]);
});

test('a NOTIFY that could not be sent for a fault of ours is tried again later, and an end stays one', async () => {
  answer = () => {
    throw new Error('a fault of ours');
  };
  notifier.subscribed();
  await comesTo('waiting');
  expect(sent).toHaveLength(1);
  notifier.end('timeout');
  await comesTo('stopped');
  expect([sent.length, ended]).toEqual([2, 1]);
});

test('stopped, it sends nothing, and an answer that comes late means nothing', async () => {
  let release: (answer: Answer) => void = () => undefined;
  answer = () => new Promise((resolve) => (release = resolve));
  notifier.subscribed();
  await until(() => sent.length === 1);
  notifier.stop();
  release(answerOf(481));
  notifier.changed();
  notifier.subscribed();
  await new Promise((resolve) => setImmediate(resolve));
  expect([notifier.state, sent.length, gone]).toEqual(['stopped', 1, 0]);
});
