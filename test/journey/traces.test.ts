/** A host that traces sees a message come, be tried and be told of, and nothing of what it says or whose it is. */
import { SpanKind, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tagOf } from '../../lib/base/sha256.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

const BOB = 'bob@example.org';
let exporter: InMemorySpanExporter;
let scene: Scene;
beforeEach(async () => {
  exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  scene = await aScene({ silo: { tailTime: 0.05 } });
});
afterEach(async () => {
  await scene.close();
  trace.disable();
});

const spans = (name: string) => exporter.getFinishedSpans().filter((one) => one.name === name);
const attributes = (name: string) => spans(name).map((one) => one.attributes);

test('accept, attempt and notify', async () => {
  const lamp = await LampPhone.start('bob', { server: scene.node.server });
  try {
    await lamp.subscribe();
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', 'a secret', { callId: 'call-1@pc' })).status).toBe(202);
    const box = { 'silo.box': tagOf(BOB) };
    await until(() =>
      expect(attributes('accept')).toMatchObject([
        { ...box, 'sip.call_id': 'call-1@pc', 'sip.status': 202, 'silo.result': 'stored' },
      ]),
    );
    let status = 500;
    const bob = await scene.phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
    await bob.register({ expires: 600 });
    await until(() =>
      expect(attributes('attempt')).toMatchObject([
        { ...box, 'silo.attempt': 1, 'silo.verdict': 'later', 'sip.status': 500 },
      ]),
    );
    // The answer is known before it is written down.
    await until(async () =>
      expect((await scene.node.silo.boxes.show(BOB)).stuck).toMatchObject({ reason: 'back-off' }),
    );
    status = 200;
    await scene.node.silo.boxes.requeue(BOB);
    const key = attributes('accept')[0]?.['silo.key'];
    await until(() =>
      expect(attributes('attempt').at(-1)).toMatchObject({
        ...box,
        'silo.key': key,
        'silo.verdict': 'delivered',
        'sip.status': 200,
      }),
    );
    await until(() =>
      expect(attributes('notify')[0]).toMatchObject({ 'silo.mailbox': tagOf(BOB), 'sip.status': 200 }),
    );
    expect(spans('accept')[0]?.kind).toBe(SpanKind.SERVER);
    expect(spans('attempt')[0]?.kind).toBe(SpanKind.CLIENT);
  } finally {
    lamp.close();
  }
  const all = JSON.stringify(
    exporter.getFinishedSpans().map((one) => [one.attributes, one.status, one.events]),
  );
  expect(all).not.toContain('a secret');
  expect(all).not.toMatch(/(bob|alice)@/);
});

test('a message for somebody who is there, and one that nobody takes', async () => {
  let status = 200;
  const bob = await scene.phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? status : 200) });
  await bob.register({ expires: 600 });
  const alice = await scene.phone('alice');
  expect((await alice.message('bob', 'one', { callId: 'call-2@pc' })).status).toBe(200);
  await until(() => {
    expect(attributes('accept')).toMatchObject([{ 'sip.call_id': 'call-2@pc', 'silo.result': 'live' }]);
    expect(attributes('attempt')).toMatchObject([{ 'silo.attempt': 0, 'silo.verdict': 'delivered' }]);
  });
  exporter.reset();
  status = 480;
  expect((await alice.message('bob', 'two', { callId: 'call-3@pc' })).status).toBe(202);
  await until(() => {
    expect(attributes('attempt')[0]).toMatchObject({ 'error.type': 'LiveFailure' });
    expect(attributes('accept')).toMatchObject([
      { 'sip.call_id': 'call-3@pc', 'silo.result': 'live' },
      { 'sip.call_id': 'call-3@pc', 'silo.result': 'stored', 'sip.status': 202 },
    ]);
  });
});
