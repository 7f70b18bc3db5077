/** Found by killing the app under load: a repeat of a MESSAGE that the box had delivered meanwhile was sent again. */
import { expect, test } from 'vitest';
import { startNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

test('the repeat of an accepted message gets the same 202 when the message has been delivered meanwhile', async () => {
  const node = await startNode();
  const alice = await Phone.start('alice', { server: node.server });
  const bob = await Phone.start('bob', { server: node.server });
  try {
    const same = { callId: 'same', cseq: 7, tag: 'same' };
    expect((await alice.message('bob', 'one', same)).status).toBe(202);
    await bob.register({ expires: 600 });
    await bob.received(1);
    await expect.poll(() => node.store.ledger()).toMatchObject({ waiting: 0, delivered: 1 });
    // In a new transaction, as after a crash in which the 202 was lost.
    expect((await alice.message('bob', 'one', same)).status).toBe(202);
    expect((await alice.message('bob', 'two', { ...same, cseq: 8 })).status).toBe(200);
    expect(bob.texts).toEqual(['one', 'two']);
  } finally {
    alice.close();
    bob.close();
    await node.close();
  }
});
