/** A real drachtio-server dies of any request to a `tel:` URI: a contact of that kind may be registered, and is never sent to. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { frameOf, Unsendable } from '../../lib/sip/drachtio/frame.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

let node: TestNode;
let alice: Phone;
let bob: Phone;
beforeEach(async () => {
  node = await startNode();
  alice = await Phone.start('alice', { server: node.server });
  bob = await Phone.start('bob', { server: node.server, transport: 'tcp' });
});
afterEach(async () => {
  alice.close();
  bob.close();
  await node.close();
});

test.each(['<tel:+4930123456>', '<TEL:+1;phone-context=example.org>'])(
  'a message for somebody who has registered %s waits, and is delivered to the next contact',
  async (contact) => {
    expect((await bob.register({ contact, expires: 60 })).status).toBe(200);
    expect((await alice.message('bob', 'one')).status).toBe(202);
    expect((await alice.message('bob', 'two')).status).toBe(202);
    await bob.register({ expires: 60 });
    await bob.received(2);
    expect(bob.texts).toEqual(['one', 'two']);
  },
);

test.each(['MESSAGE', 'NOTIFY', 'OPTIONS'])('no %s is made for one', (method) => {
  expect(frameOf({ method, uri: 'tel:+1', proxy: 'sip:127.0.0.1:9', headers: {} })).toBeInstanceOf(
    Unsendable,
  );
});
