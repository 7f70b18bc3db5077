/** The same journeys over IPv6: every address that is written into SIP has its brackets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LampPhone, stateOf, voice } from '../support/lamp-phone.ts';
import { ipv6Missing } from '../support/ipv6.ts';
import { needing } from '../support/needing.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

describe.each(['udp', 'tcp'] as const)('over IPv6 (%s)', needing(ipv6Missing()), (transport) => {
  const ends: (() => unknown)[] = [];
  let node: TestNode;
  beforeEach(async () => {
    node = await startNode({ front: { listen: '[::1]:0' } });
    ends.push(() => node.close());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const options = () => ({ server: node.server, transport, domain: '[::1]' });
  const phone = async (name: string) => {
    const started = await Phone.start(name, options());
    ends.push(() => started.close());
    return started;
  };

  test('messages wait for a mailbox whose domain is a literal, in any spelling, and arrive', async () => {
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    expect((await alice.message('bob', 'one')).status).toBe(202);
    expect((await alice.message('bob@[0:0::0:1]', 'two')).status).toBe(202);
    expect((await bob.register({ expires: 600 })).header('Contact')).toContain('@[::1]:');
    await bob.received(2);
    // 202 when the one before is just being settled.
    expect([200, 202]).toContain((await alice.message('bob', 'three')).status);
    await bob.received(3);
    expect(bob.texts).toEqual(['one', 'two', 'three']);
    expect(`${bob.messages[0]!.start.split(' ')[1]}`).toBe(bob.contact.slice(1, -1));
  });

  test('a lamp is told where to send its refreshes, and told on its way', async () => {
    const lamp = await LampPhone.start('bob', options());
    ends.push(() => lamp.close());
    const line = await lamp.subscribe();
    const own = `<sip:[::1]:${node.server.port}${transport === 'tcp' ? ';transport=tcp' : ''}>`;
    expect([line.answer.status, line.answer.header('Contact')]).toEqual([200, own]);
    const [notify] = await lamp.notified(1);
    expect(notify!.header('Contact')).toBe(own);
    await lamp.publish('bob@[::1]', voice(2));
    await lamp.sees(({ body }) => body.includes('Voice-Message: 2/0'));
    expect((await lamp.again(line, { Expires: '0' })).status).toBe(200);
    expect(stateOf(await lamp.sees((last) => stateOf(last).startsWith('terminated')))).toBe(
      'terminated;reason=timeout',
    );
  });
});
