/** Behind an IMS core: the S-CSCF registers its users, and what is sent to them goes by way of it (SILO_IMS). */
import { afterEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { until } from '../support/until.ts';

let node: TestNode;
const phones: Phone[] = [];
afterEach(async () => {
  for (const phone of phones.splice(0)) phone.close();
  await node.close();
});

const USER = 'bob@example.org';

/** An S-CSCF, and how it registers bob. */
async function start(ims: boolean, more: TestNodeOptions = {}) {
  node = await startNode({
    ...more,
    registrar: { ims },
    silo: { ims, ...more.silo },
    mwi: { ims, ...more.mwi },
  });
  const scscf = await phone('scscf');
  const uri = scscf.contact.slice(1, -1).replace('scscf@', '');
  const register = (headers: Readonly<Record<string, string>> = {}) =>
    scscf.request('REGISTER', `sip:${node.server.host}:${node.server.port}`, USER, {
      From: `<${uri}>;tag=1`,
      Contact: `<${uri}>`,
      Expires: '600',
      ...headers,
    });
  return { scscf, uri, register, alice: await phone('alice') };
}

async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server });
  phones.push(started);
  return started;
}

describe('a user whom an S-CSCF has registered', () => {
  test('gets what waited, and live messages, by name and by way of the S-CSCF', async () => {
    const { scscf, uri, register, alice } = await start(true);
    expect((await alice.message('bob', 'stored')).status).toBe(202);
    const answer = await register();
    expect([answer.status, answer.header('Contact')]).toEqual([200, `<${uri}>;expires=600`]);
    await scscf.received(1);
    await expect.poll(async () => (await node.store.ledger()).waiting).toBe(0);
    expect((await alice.message('bob', 'live')).status).toBe(200);
    expect(scscf.texts).toEqual(['stored', 'live']);
    for (const message of scscf.messages) {
      expect(message.start).toBe(`MESSAGE sip:${USER} SIP/2.0`);
      expect(message.header('Route')).toBe(`<${uri};lr>`);
      expect(message.header('To')).toBe(`<sip:${USER}>`);
    }
  });

  test('is gone when the S-CSCF says so', async () => {
    const { register, alice } = await start(true);
    await register();
    expect(await node.registrar.find(USER)).toHaveLength(1);
    expect((await register({ Expires: '0', CSeq: '9 REGISTER' })).status).toBe(200);
    expect(await node.registrar.find(USER)).toEqual([]);
    expect((await alice.message('bob', 'hello')).status).toBe(202);
  });

  test('gets NOTIFYs that nobody asked for in the same way', async () => {
    const { scscf, uri, register } = await start(true, { mwi: { unsolicited: 'terminated' } });
    await register();
    await until(() => scscf.requests.length > 0);
    expect(scscf.requests[0]?.start).toBe(`NOTIFY sip:${USER} SIP/2.0`);
    expect(scscf.requests[0]?.header('Route')).toBe(`<${uri};lr>`);
  });
});

test('a user who registers, and a proxy that registers along a Path, are read as ever', async () => {
  const { scscf, uri, register } = await start(true);
  const bob = await phone('bob');
  await bob.register({ contact: `<${uri}>` });
  expect(await node.registrar.find(USER)).toMatchObject([{ contact: uri, path: [] }]);
  await register({ Path: `<${uri};lr>` });
  expect(await node.registrar.find(USER)).toMatchObject([{ contact: uri, path: [`<${uri};lr>`] }]);
  await register({ Contact: scscf.contact });
  expect(await node.registrar.find(USER)).toHaveLength(2);
});

test('without the option the Contact is where it goes', async () => {
  const { scscf, uri, register, alice } = await start(false);
  await register();
  await alice.message('bob', 'hello');
  await scscf.received(1);
  expect(scscf.messages[0]?.start).toBe(`MESSAGE ${uri} SIP/2.0`);
});
