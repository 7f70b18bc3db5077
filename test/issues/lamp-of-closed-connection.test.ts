/**
 * drachtio-server remembers the TCP connection of a registered phone, also when it is closed: then it answers a NOTIFY with
 * 410 by itself. The subscription was ended for it, and the lamp stayed dark until the phone's next refresh.
 */
import { afterEach, expect, test } from 'vitest';
import type { MwiOptions } from '../../lib/mwi/request/options.ts';
import { LampPhone, voice } from '../support/lamp-phone.ts';
import { startNode, type TestNode } from '../support/node.ts';

let node: TestNode;
const open: LampPhone[] = [];

async function start(mwi: MwiOptions = {}): Promise<void> {
  node = await startNode({ mwi: { notifyInterval: 0, ...mwi } });
}
async function phone(name: string): Promise<LampPhone> {
  const started = await LampPhone.start(name, { server: node.server, transport: 'tcp' });
  open.push(started);
  return started;
}
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await node.close();
});

/** Cuts the phone off, and publishes when drachtio-server has seen it. */
async function misses(bob: LampPhone): Promise<void> {
  const voicemail = await phone('voicemail');
  bob.close();
  await voicemail.phone.heard();
  await voicemail.publish('bob@example.org', voice(1));
  await voicemail.phone.heard();
}
const told = (bob: LampPhone) => bob.sees(({ body }) => body.includes('Voice-Message: 1/0'));

test('a phone that comes back over another connection is told at once what it has missed', async () => {
  await start();
  const before = await phone('bob');
  await before.phone.register({ expires: 60 });
  const line = await before.subscribe();
  await before.notified(1);
  await misses(before);
  expect(node.mwi.size()).toBe(1);

  const back = await phone('bob');
  await back.phone.register({ expires: 60 });
  expect((await told(back)).header('Call-ID')).toBe(line.callId);
  expect(node.mwi.size()).toBe(1);
});

test('so is a phone that never subscribes', async () => {
  await start({ unsolicited: 'active' });
  const same = { expires: 60, callId: 'of-the-phone', contact: '<sip:bob@127.0.0.1:5062;transport=tcp>' };
  const before = await phone('bob');
  await before.phone.register({ ...same, cseq: 1 });
  await before.notified(1);
  await misses(before);

  const back = await phone('bob');
  await back.phone.register({ ...same, cseq: 2 });
  await told(back);
});
