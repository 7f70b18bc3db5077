/** The three handlers as functions of a context: what they do with a request and a store, without drachtio. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { onRegister } from '../../lib/mwi/notify/register.ts';
import { onPublish } from '../../lib/mwi/state/publish.ts';
import { onSubscribe } from '../../lib/mwi/subscribe/subscribe.ts';
import type { SipRequest, SipResponse } from '../../lib/sip/drachtio/messages.ts';
import { openStore } from '../../lib/stores/open.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { rawRequest } from '../sip/raw-request.ts';
import { mwiContext, Wire } from './context.ts';
import { TYPE, voice } from '../support/lamp-phone.ts';
import { until } from '../support/until.ts';
import { NO_DIALOG } from './notify/answers.ts';

const MAILBOX = 'bob@example.com';
const NOW = 1_700_000_000;
const SETTINGS = { publishers: ['192.0.2.0/24'], unsolicited: 'terminated' } as const;

let store: Store;
let wire: Wire;
let changes: string[];
beforeEach(async () => {
  store = await openStore('sqlite::memory:', { now: () => NOW });
  wire = new Wire();
  changes = [];
});
afterEach(() => store.close());

function context() {
  return {
    ...mwiContext({ store, wire, now: () => NOW, settings: SETTINGS }),
    beginning: new Set<string>(),
    subscribed: (mailbox: string) => changes.push(mailbox),
    changed: (mailbox: string) => changes.push(mailbox),
  };
}
const response = () => new EventEmitter() as unknown as SipResponse & EventEmitter;
const untouched = () => {
  throw new Error('it was handed on');
};

interface More {
  readonly callId?: string;
  readonly stackDialogId?: string;
  readonly body?: string;
}

function request(method: string, headers: readonly string[], more: More = {}): SipRequest {
  const { callId = 'call', stackDialogId = '', body = '' } = more;
  const lines = [
    'Via: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bK1',
    `From: <sip:${MAILBOX}>;tag=theirs`,
    `Call-ID: ${callId}`,
    'Max-Forwards: 70',
    ...headers,
    `Content-Length: ${body.length}`,
    ...(body === '' ? [] : ['', body]),
  ];
  const raw = rawRequest(lines, `${method} sip:${MAILBOX} SIP/2.0`);
  return Object.assign(raw, { receivedOn: '192.0.2.1:5060', stackDialogId }) as unknown as SipRequest;
}
const subscribe = (cseq: number, expires: number, toTag = '', more: More = {}) =>
  request(
    'SUBSCRIBE',
    [
      `To: <sip:${MAILBOX}>${toTag === '' ? '' : `;tag=${toTag}`}`,
      `CSeq: ${cseq} SUBSCRIBE`,
      'Contact: <sip:bob@192.0.2.7:5062;transport=tcp>',
      'Event: message-summary',
      `Expires: ${expires}`,
    ],
    more,
  );
const states = () => wire.sent.map(({ headers }) => headers['Subscription-State']);

test('SUBSCRIBE: served, refreshed in its dialog, ended', async () => {
  const all = context();
  await onSubscribe(all, subscribe(1, 600), response(), untouched);
  const [first] = wire.answers;
  expect(first).toMatchObject({ status: 200, headers: { Expires: '600' } });
  expect(await store.subscriptionIds([MAILBOX])).toHaveLength(1);
  expect([all.served.size, all.beginning.size, changes]).toEqual([1, 0, [MAILBOX]]);
  await until(() => wire.sent.length === 1);

  const inDialog = { stackDialogId: 'call;from-tag=theirs' };
  await onSubscribe(all, subscribe(2, 300, first!.toTag, inDialog), response(), untouched);
  expect(wire.answers[1]).toMatchObject({ status: 200, headers: { Expires: '300' } });
  await until(() => wire.sent.length === 2);

  await onSubscribe(all, subscribe(3, 0, first!.toTag, inDialog), response(), untouched);
  await until(() => wire.sent.length === 3);
  expect(states()).toEqual(['active;expires=600', 'active;expires=300', 'terminated;reason=timeout']);
  await all.subscriptions.quiet();
  expect(all.served.size).toBe(0);
  expect(await store.subscriptionIds([MAILBOX])).toEqual(new Set());
});

test('SUBSCRIBE: a fetch stores nothing', async () => {
  const all = context();
  await onSubscribe(all, subscribe(1, 0), response(), untouched);
  await all.subscriptions.quiet();
  expect(states()).toEqual(['terminated;reason=timeout']);
  expect(await store.subscriptionIds([MAILBOX])).toEqual(new Set());
});

test('SUBSCRIBE: the second one of a device ends the first, and no other', async () => {
  const all = context();
  await onSubscribe(all, subscribe(1, 600), response(), untouched);
  await onSubscribe(all, subscribe(1, 600, '', { callId: 'another' }), response(), untouched);
  await until(() => states().includes('terminated;reason=noresource'));
  await all.subscriptions.quiet();
  expect(all.served.all().map(({ row }) => row.callId)).toEqual(['another']);
});

test('SUBSCRIBE: a dialog that drachtio-server has lost is told past it, and is gone', async () => {
  const all = context();
  wire.answer = NO_DIALOG;
  await onSubscribe(all, subscribe(1, 600), response(), untouched);
  await until(() => wire.sent.length === 2);
  expect(wire.sent.map(({ dialogId }) => dialogId)).toEqual(['call;from-tag=theirs', undefined]);
  expect(states()[1]).toBe('terminated;reason=deactivated');
  await all.subscriptions.quiet();
  expect([all.served.size, (await store.subscriptionIds([MAILBOX])).size]).toEqual([0, 0]);
});

test('PUBLISH: stored with a tag, and the mailbox has changed', async () => {
  const publish = request(
    'PUBLISH',
    [`To: <sip:${MAILBOX}>`, 'CSeq: 1 PUBLISH', 'Event: message-summary', `Content-Type: ${TYPE}`],
    { body: voice(2) },
  );
  await onPublish(context(), publish, response(), untouched);
  expect(wire.answers).toMatchObject([{ status: 200, headers: { Expires: '3600' } }]);
  const [state] = await store.mailboxStates([MAILBOX], NOW);
  expect(state!.publications).toMatchObject([{ tag: wire.answers[0]!.headers!['SIP-ETag'] }]);
  expect(changes).toEqual([MAILBOX]);
});

test('REGISTER: a phone that never subscribes is told once its registrar has said yes', async () => {
  const all = context();
  const contact = 'Contact: <sip:bob@192.0.2.7:5062;transport=tcp>;expires=60';
  const register = request('REGISTER', [`To: <sip:${MAILBOX}>`, 'CSeq: 1 REGISTER', contact]);
  let handedOn = 0;
  for (const status of [403, 200]) {
    const res = response();
    onRegister(all, register, res, () => handedOn++);
    expect(wire.sent).toHaveLength(0);
    res.emit('end', { status });
  }
  await until(() => wire.sent.length === 1);
  expect([handedOn, wire.answers, states()]).toEqual([2, [], ['terminated;reason=noresource']]);
  all.unsolicited.close();
});
