import { expect, test } from 'vitest';
import { journey, sendAll } from './journey.ts';

const world = journey();

const KEPT = {
  Subject: 'Lunch, at 12?',
  Priority: 'urgent',
  'P-Asserted-Identity': '<sip:alice@example.org>',
  'X-Ticket': 'a;b="c, d"; e=<f>',
  'In-Reply-To': '70710@saturn.example.org',
  'User-Agent': 'Journey/1.0 (test)',
  Organization: 'Übung & Söhne',
};

test.each(['stored', 'live'])('end-to-end headers of a %s message arrive as they came', async (way) => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  if (way === 'live') await bob.register();
  const { status } = await alice.message(bob.name, 'hello', { headers: KEPT });
  expect(status).toBe(way === 'live' ? 200 : 202);
  await bob.register();
  await bob.received(1);
  for (const [name, value] of Object.entries(KEPT)) expect(bob.messages[0]?.header(name)).toBe(value);
});

test('headers in compact form are understood', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  await alice.message(bob.name, '<b>x</b>', {
    contentType: null,
    headers: { c: 'text/html;charset=utf-8', s: 'short' },
  });
  await bob.register();
  await bob.received(1);
  expect(bob.messages[0]?.header('Content-Type')).toBe('text/html;charset=utf-8');
  expect(bob.messages[0]?.header('Subject') || bob.messages[0]?.header('s')).toBe('short');
});

test('headers of one hop do not travel', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  await alice.message(bob.name, 'hello', {
    headers: {
      'Proxy-Authorization': 'Digest username="alice"',
      'P-Access-Network-Info': '3GPP-UTRAN-TDD; utran-cell-id-3gpp=234151D0FCE11',
      Supported: 'path',
      Contact: alice.contact,
    },
  });
  await bob.register();
  await bob.received(1);
  for (const name of ['Proxy-Authorization', 'P-Access-Network-Info', 'Contact', 'Supported'])
    expect(bob.messages[0]?.header(name)).toBe('');
  expect(bob.messages[0]?.header('Max-Forwards')).toMatch(/^(70|69)$/);
});

test('display names of sender and recipient are kept', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  await alice.message(bob.name, 'hello', {
    to: `"Bob \\"the\\" B." <sip:${bob.aor}>`,
    headers: { From: `"Älice" <sip:${alice.aor}>;tag=1` },
  });
  await bob.register();
  await bob.received(1);
  expect(bob.messages[0]?.header('From')).toMatch(new RegExp(`^"Älice" <sip:${alice.aor}>;tag=.+`));
  expect(bob.messages[0]?.header('To')).toBe(`"Bob \\"the\\" B." <sip:${bob.aor}>`);
});

test('Date says when the message was accepted, the Date of the sender when it is believable', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  const date = (shift: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + shift * 1000).toUTCString();
  const [justNow, lastYear] = [date(-600), date(-31_000_000)];
  await sendAll(alice, bob, ['none']);
  await alice.message(bob.name, 'just now', { headers: { Date: justNow } });
  await alice.message(bob.name, 'last year', { headers: { Date: lastYear } });
  await bob.register();
  await bob.received(3);
  const [none, own, old] = bob.messages.map((message) => message.header('Date'));
  expect(own).toBe(justNow);
  for (const value of [none, old])
    expect(Math.abs(Date.parse(value ?? '') - Date.now())).toBeLessThan(60_000);
  expect(none).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
});

test('the Call-ID of a message is the same over two attempts, and no two messages share one', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob', { react: (_, nth) => (nth === 1 ? 480 : 200) });
  // One Call-ID for a whole conversation, as some clients do.
  for (const cseq of [1, 2])
    await alice.message(bob.name, `message ${cseq}`, { callId: 'conversation@alice', cseq });
  await bob.register();
  await bob.received(1);
  await bob.register();
  await bob.received(3);
  expect(bob.texts).toEqual(['message 1', 'message 1', 'message 2']);
  const [first, again, second] = bob.messages;
  expect(again?.header('Call-ID')).toBe(first?.header('Call-ID'));
  expect(second?.header('Call-ID')).not.toBe(first?.header('Call-ID'));
  expect(parseInt(again?.header('CSeq') ?? '')).toBeGreaterThan(parseInt(first?.header('CSeq') ?? ''));
});

test('a recipient is found by any spelling of the same address', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  const spelled = `sip:${bob.name.replace('b', '%62')}@EXAMPLE.org;user=phone`;
  expect((await alice.message(bob.name, 'hello', { uri: spelled, to: `<${spelled}>` })).status).toBe(202);
  await bob.register();
  await bob.received(1);
  expect(bob.texts).toEqual(['hello']);
});

test('a Request-URI that is a device address gives way to To', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  const uri = `sip:${bob.name}@127.0.0.1:5999;transport=udp`;
  expect((await alice.message(bob.name, 'hello', { uri })).status).toBe(202);
  await bob.register();
  await bob.received(1);
  expect(bob.texts).toEqual(['hello']);
});
