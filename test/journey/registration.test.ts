import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';
import { realTime } from '../support/real-time.ts';
import { othersServed } from '../support/sentinel.ts';
import { journey, numbered, sendAll, type Transport } from './journey.ts';

const world = journey({ SILO_MIN_EXPIRES: '2', SILO_MAX_EXPIRES: '1200', SILO_DEFAULT_EXPIRES: '900' });

/** Contacts of an answer, each as written. */
function contactsOf(answer: Sip): readonly string[] {
  return answer.headers
    .filter(([name]) => name === 'Contact')
    .flatMap(([, value]) => value.split(/,\s*(?=<)/));
}

/** Somebody with a message waiting. */
async function expected(text = 'hello'): Promise<Phone> {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  await sendAll(alice, bob, [text]);
  return bob;
}

describe.concurrent('a REGISTER that brings the mail', () => {
  test.each([
    ['with Expires', { expires: 600 }, 600],
    ['with an expires parameter', { params: ';expires=300' }, 300],
    ['with both: the parameter counts', { params: ';expires=300', expires: 0 }, 300],
    ['without any: the default counts', {}, 900],
    ['with more than is allowed: it is shortened', { expires: 86_400 }, 1200],
    ['with an expires that can not be read (RFC 3261, 20.10)', { params: ';expires=never' }, 1200],
  ])('%s', async (_, options, granted) => {
    const bob = await expected();
    const answer = await bob.register(options);
    expect(answer.status).toBe(200);
    expect(contactsOf(answer)).toEqual([`${bob.contact};expires=${granted}`]);
    expect(Math.abs(Date.parse(answer.header('Date')) - Date.now())).toBeLessThan(10_000);
    await bob.received(1);
    expect(bob.texts).toEqual(['hello']);
  });

  test('with Allow that names MESSAGE, or methods that names it though Allow does not', async () => {
    const one = await expected();
    await one.register({ headers: { Allow: 'INVITE, ACK, MESSAGE' } });
    const two = await expected();
    await two.register({ params: ';methods="INVITE,MESSAGE"', headers: { Allow: 'INVITE, ACK' } });
    await Promise.all([one.received(1), two.received(1)]);
  });

  test('as a refresh of an older registration', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob', { react: () => 480 });
    await bob.register();
    await sendAll(alice, bob, ['hello']);
    bob.react = () => 200;
    await bob.register();
    await bob.received(2);
  });
});

describe.concurrent('a REGISTER that brings no mail', () => {
  test.each([
    ['a query (no Contact)', { contact: '' }, 200],
    ['Contact * with Expires: 0', { contact: '*', expires: 0 }, 200],
    ['Expires: 0', { expires: 0 }, 200],
    ['expires=0 at the contact', { params: ';expires=0', expires: 600 }, 200],
    ['one that is too brief', { expires: 1 }, 423],
    ['one that is malformed', { contact: '*', expires: 60 }, 400],
    ['one that wants what is not supported', { headers: { Require: 'gruu' } }, 420],
    ['Allow without MESSAGE', { headers: { Allow: 'INVITE, ACK, BYE, CANCEL' } }, 200],
    ['methods without MESSAGE', { params: ';methods="INVITE,BYE"' }, 200],
  ])('%s', async (_, options, status) => {
    const bob = await expected();
    const answer = await bob.register(options);
    expect(answer.status).toBe(status);
    if (status === 423) expect(answer.header('Min-Expires')).toBe('2');
    if (status === 420) expect(answer.header('Unsupported')).toBe('gruu');
    await othersServed(bob);
    expect(bob.messages).toEqual([]);
    await bob.register();
    await bob.received(1);
    expect(bob.texts).toEqual(['hello']);
  });
});

describe.concurrent('what is registered', () => {
  test('a query lists all contacts with what is left of their time', async () => {
    const bob = await world.phone('bob');
    const other = await world.another(bob);
    await bob.register({ expires: 600, params: ';q=0.5' });
    await other.register({ expires: 300 });
    const listed = contactsOf(await bob.register({ contact: '' }));
    expect(listed).toHaveLength(2);
    expect(listed.find((contact) => contact.startsWith(bob.contact))).toMatch(/;q=0\.5;expires=(600|599)$/);
    expect(listed.find((contact) => contact.startsWith(other.contact))).toMatch(/;expires=(300|299)$/);
  });

  test('Contact * takes all devices away: the next message waits', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const other = await world.another(bob);
    await bob.register();
    await other.register();
    await sendAll(alice, bob, ['live'], 200);
    expect(contactsOf(await bob.register({ contact: '*', expires: 0 }))).toEqual([]);
    await sendAll(alice, bob, ['later']);
    await othersServed(bob);
    expect([bob.texts, other.texts]).toEqual([['live'], ['live']]);
  });

  test('un-REGISTER of one device leaves the other', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const other = await world.another(bob);
    await bob.register();
    await other.register();
    expect(contactsOf(await bob.unregister())).toHaveLength(1);
    await sendAll(alice, bob, ['live'], 200);
    expect([bob.texts, other.texts]).toEqual([[], ['live']]);
  });

  test('a registration that is over counts no more: the next message waits', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    expect((await bob.register({ expires: 2 })).status).toBe(200);
    await sendAll(alice, bob, ['in time'], 200);
    await realTime(2_050, 'lifetimes');
    await sendAll(alice, bob, ['too late']);
    expect(bob.texts).toEqual(['in time']);
    expect(contactsOf(await bob.register({ contact: '' }))).toEqual([]);
  });

  test('a REGISTER that is older than the one before is refused (RFC 3261, 10.3)', async () => {
    const bob = await world.phone('bob');
    expect((await bob.register({ cseq: 20 })).status).toBe(200);
    expect((await bob.register({ cseq: 19, expires: 0 })).status).toBe(500);
    expect(contactsOf(await bob.register({ contact: '' }))).toHaveLength(1);
  });
});

describe.concurrent('the way to the device', () => {
  test('Path is echoed, and messages go to its first entry with the Route that it says', async () => {
    const alice = await world.phone('alice');
    const edge = await world.phone('edge');
    const bob = await world.phone('bob');
    const path = `<${edge.contact.slice(1, -1).replace(/sip:[^@]+@/, 'sip:')};lr;ob>`;
    const register = () => bob.register({ headers: { Path: path, Supported: 'path' } });
    expect((await register()).header('Path')).toBe(path);
    await sendAll(alice, bob, ['live'], 200);
    await bob.unregister();
    await sendAll(alice, bob, ['waited']);
    await register();
    await edge.received(2);
    expect(edge.texts).toEqual(['live', 'waited']);
    for (const message of edge.messages) {
      expect(message.start).toBe(`MESSAGE ${bob.contact.slice(1, -1)} SIP/2.0`);
      expect(message.header('Route')).toBe(path);
    }
    expect(bob.messages).toEqual([]);
  });

  test('a third-party REGISTER (From is the proxy) is for To, and its Path leads back to the proxy', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const proxy = await world.phone('proxy');
    const hop = /127[\d.]+:\d+/.exec(proxy.contact)?.[0] ?? '';
    await sendAll(alice, bob, ['one', 'two']);
    const thirdParty = (expires: number, cseq: number) =>
      proxy.request('REGISTER', `sip:${bob.domain}`, bob.aor, {
        Contact: `<sip:${bob.name}@192.0.2.7:5071>`,
        Expires: String(expires),
        Path: `<sip:silo@${hop};lr;received=sip:192.0.2.9:1024%3Btransport%3Dtcp>`,
        'Call-ID': bob.name,
        CSeq: `${cseq} REGISTER`,
      });
    expect((await thirdParty(600, 1)).status).toBe(200);
    await proxy.received(2);
    expect(proxy.texts).toEqual(['one', 'two']);
    expect(proxy.messages[0]?.start).toBe(`MESSAGE sip:${bob.name}@192.0.2.7:5071 SIP/2.0`);
    expect(proxy.messages[0]?.header('Route')).toBe(
      `<sip:silo@${hop};lr;received=sip:192.0.2.9:1024%3Btransport%3Dtcp>`,
    );
    // What the proxy itself is called gets nothing of it.
    expect((await alice.message(proxy.name, 'for the proxy')).status).toBe(202);
    expect((await thirdParty(0, 2)).status).toBe(200);
    await sendAll(alice, bob, ['three']);
    await othersServed(proxy);
    expect(proxy.messages).toHaveLength(2);
  });

  test('a path of two proxies is followed in order', async () => {
    const alice = await world.phone('alice');
    const edge = await world.phone('edge');
    const bob = await world.phone('bob');
    const first = `<${edge.contact.slice(1, -1).replace(/sip:[^@]+@/, 'sip:')};lr>`;
    const second = '<sip:core.example.org;lr>';
    await bob.register({ headers: { Path: `${first}, ${second}`, Supported: 'path' } });
    await sendAll(alice, bob, ['live'], 200);
    const routes = edge.messages[0]?.headers.filter(([name]) => name === 'Route').map(([, value]) => value);
    expect(routes?.join().split(/,\s*/)).toEqual([first, second]);
  });

  test('a contact behind NAT is reached where its REGISTER came from', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    const contact = '<sip:bob@192.0.2.17:5060>';
    await bob.register({ contact });
    await sendAll(alice, bob, ['live'], 200);
    await bob.register({ contact, expires: 0 });
    await sendAll(alice, bob, ['waited']);
    await bob.register({ contact });
    await bob.received(2);
    expect(bob.texts).toEqual(['live', 'waited']);
    for (const { start } of bob.messages) expect(start).toBe('MESSAGE sip:bob@192.0.2.17:5060 SIP/2.0');
  });

  test.each<Transport>(['udp', 'tcp'])(
    'headers hidden in a contact on %s do not get into the message',
    async (transport) => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob', { transport });
      const contact = `${bob.contact.slice(0, -1)}?X-Hidden=1&Route=%3Csip%3A192.0.2.1%3Blr%3E>`;
      expect((await bob.register({ contact })).status).toBe(200);
      await sendAll(alice, bob, ['live'], 200);
      expect(bob.messages[0]?.header('X-Hidden')).toBe('');
      expect(bob.messages[0]?.header('Route')).toBe('');
    },
  );

  test('a contact that nobody can connect to is reached on the TCP connection of its REGISTER', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob', { transport: 'tcp' });
    const contact = `<sip:${bob.name}@192.0.2.17:5060;transport=tcp>`;
    await bob.register({ contact });
    await sendAll(alice, bob, ['live'], 200);
    await bob.register({ contact, expires: 0 });
    await sendAll(alice, bob, ['waited']);
    await bob.register({ contact });
    await bob.received(2);
    expect(bob.texts).toEqual(['live', 'waited']);
  });

  test('a TCP phone that comes back on a new connection gets its mail there', async () => {
    const alice = await world.phone('alice');
    const before = await world.phone('bob', { transport: 'tcp' });
    await before.register();
    before.close();
    await sendAll(alice, before, numbered(3));
    const after = await world.another(before, { transport: 'tcp' });
    await after.register();
    await after.received(3);
    expect(after.texts).toEqual(numbered(3));
  });
});
