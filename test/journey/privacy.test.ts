/** Who somebody is stays as private as they asked (RFC 3323, RFC 3325), whether the message waits or not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';
import { fresh } from './journey.ts';

let node: TestNode;
const phones: Phone[] = [];
beforeAll(async () => {
  node = await startNode({ silo: { dropHeaders: ['Privacy', 'X-Dropped'] } });
});
afterAll(async () => {
  for (const phone of phones) phone.close();
  await node.close();
});

const IDENTITIES = {
  'P-Asserted-Identity': '"Alice" <sip:alice@example.com>, <tel:+49301234>',
  'P-Asserted-Service': 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
  'Remote-Party-ID': '<sip:alice@example.com>;party=calling',
} as const;
const NEVER = {
  'P-Preferred-Identity': '<sip:alice@example.com>',
  'P-Preferred-Service': 'urn:urn-7:3gpp-service.ims.icsi.oma.cpm.msg',
  'P-Charge-Info': '<sip:alice@example.com>',
  'P-Served-User': '<sip:alice@example.com>',
} as const;
const ON_THE_WAY = {
  'History-Info': '<sip:boss@example.com>;index=1',
  Diversion: '<sip:boss@example.com>;reason=unconditional',
} as const;
const OWN = { 'User-Agent': 'Alice/1', Organization: 'ACME', 'Reply-To': '<sip:alice@example.com>' } as const;
const ALL = { ...IDENTITIES, ...NEVER, ...ON_THE_WAY, ...OWN };

async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(fresh(name), { server: node.server });
  phones.push(started);
  return started;
}

/** What arrives of such a message. */
async function delivered(way: string, headers: Readonly<Record<string, string>>): Promise<Sip> {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  if (way === 'live') await bob.register();
  const { status } = await alice.message(bob.name, 'hello', { headers });
  expect(status).toBe(way === 'live' ? 200 : 202);
  if (way === 'stored') await bob.register();
  const [message] = await bob.received(1);
  return message!;
}

const namesIn = (message: Sip, of: object) => Object.keys(of).filter((name) => message.header(name) !== '');

describe.each(['stored', 'live'])('a %s message', (way) => {
  test.each([
    'id',
    'ID',
    'id;critical',
    'header',
    'user',
    'header; id',
    'none;id',
    'session, id',
    'what-is-this',
  ])('tells no identity with "Privacy: %s"', async (privacy) => {
    const message = await delivered(way, { ...ALL, Privacy: privacy });
    expect(namesIn(message, { ...IDENTITIES, ...NEVER })).toEqual([]);
  });

  test.each([{}, { Privacy: 'none' }, { Privacy: 'critical' }, { Privacy: 'session' }])(
    'tells what was asserted when nothing against it was asked: %j',
    async (privacy) => {
      const message = await delivered(way, { ...ALL, ...privacy });
      expect(namesIn(message, IDENTITIES)).toEqual(Object.keys(IDENTITIES));
      expect(message.all('P-Asserted-Identity').join()).toContain('<tel:+49301234>');
      expect(namesIn(message, NEVER)).toEqual([]);
    },
  );

  test('with a Privacy that is folded obeys all of it', async () => {
    const folded = await delivered(way, { ...ALL, Privacy: 'critical;\r\n id' });
    expect(namesIn(folded, IDENTITIES)).toEqual([]);
  });

  test('tells who was on the way only when "history", "header" and "session" are not asked for', async () => {
    expect(namesIn(await delivered(way, { ...ALL, Privacy: 'id' }), ON_THE_WAY)).toEqual(
      Object.keys(ON_THE_WAY),
    );
    for (const Privacy of ['history', 'header', 'session'])
      expect(namesIn(await delivered(way, { ...ALL, Privacy }), ON_THE_WAY)).toEqual([]);
  });

  test('of somebody who wants "user" privacy comes from nobody; without, from whom it says', async () => {
    const hidden = await delivered(way, { ...ALL, Privacy: 'user' });
    expect(hidden.header('From')).toMatch(/^"Anonymous" <sip:anonymous@anonymous\.invalid>;tag=/);
    expect(namesIn(hidden, OWN)).toEqual([]);
    const shown = await delivered(way, { ...ALL, Privacy: 'id' });
    expect(shown.header('From')).toContain('@example.org>;tag=');
    expect(namesIn(shown, OWN)).toEqual(Object.keys(OWN));
  });

  test('obeys what Remote-Party-ID says of itself', async () => {
    const told = async (privacy: string) => {
      const id = `<sip:alice@example.com>;party=calling;privacy=${privacy}`;
      return namesIn(await delivered(way, { 'Remote-Party-ID': id }), IDENTITIES);
    };
    expect(await told('full')).toEqual([]);
    expect(await told('OFF')).toEqual(['Remote-Party-ID']);
  });
});

test('what must not be told is not stored', async () => {
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  await alice.message(bob.name, 'hello', { headers: { ...ALL, Privacy: 'id' } });
  const [row] = await node.store.waiting(bob.aor, 0, 10);
  expect(row?.headers).toContain('Privacy: id\r\n');
  for (const name of Object.keys({ ...IDENTITIES, ...NEVER })) expect(row?.headers).not.toContain(name);
});
