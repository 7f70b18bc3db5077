/** Found in use: a REGISTER that named one contact twice, in two spellings, bound it twice, and a device had each message twice. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { nothingMore } from '../support/sentinel.ts';

let node: TestNode;
let alice: Phone;
const phones: Phone[] = [];
beforeAll(async () => {
  node = await startNode();
  alice = await phone('alice');
});
afterAll(async () => {
  for (const phone of phones) phone.close();
  await node.close();
});

async function phone(name: string): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server });
  phones.push(started);
  return started;
}

const TWICE: Readonly<Record<string, (uri: string) => string>> = {
  'in capitals': (uri) => `<${uri}>, <${uri.replace('sip:', 'SIP:')}>`,
  'with an escape': (uri) => `<${uri}>, <${uri.replace(':b', ':%62')}>`,
  'with one more parameter': (uri) => `<${uri}>, <${uri};x=1>`,
  'with an instance and without': (uri) => `<${uri}>;+sip.instance="<urn:x>", <${uri}>`,
  'with two instances': (uri) => `<${uri}>;+sip.instance="<urn:x>", <${uri}>;+sip.instance="<urn:y>"`,
  'with one flow': (uri) =>
    `<${uri}>;+sip.instance="<urn:x>";reg-id=1, <${uri};y>;+sip.instance="<urn:x>";reg-id=1`,
};

test.each(Object.entries(TWICE))('a contact that is named twice %s is one binding', async (_, contacts) => {
  const bob = await phone(`bob${phones.length}`);
  const contact = contacts(bob.contact.slice(1, -1));
  expect((await bob.register({ contact })).status).toBe(200);
  expect(await node.registrar.find(bob.aor)).toHaveLength(1);
  expect((await alice.message(bob.name, 'live')).status).toBe(200);
  await nothingMore(bob);
  expect(bob.texts).toEqual(['live']);
});

test('of a contact that comes and goes in one REGISTER the last word counts', async () => {
  const bob = await phone('bob-leaves');
  expect((await bob.register({ contact: `${bob.contact}, ${bob.contact};expires=0` })).status).toBe(200);
  expect(await node.registrar.find(bob.aor)).toEqual([]);
  expect((await bob.register({ contact: `${bob.contact};expires=0, ${bob.contact}` })).status).toBe(200);
  expect(await node.registrar.find(bob.aor)).toHaveLength(1);
});

test('two flows, and two addresses of one instance, stay two', async () => {
  const bob = await phone('bob-flows');
  const instance = '+sip.instance="<urn:x>"';
  const flows = `${bob.contact};${instance};reg-id=1, ${bob.contact};${instance};reg-id=2`;
  expect((await bob.register({ contact: flows })).status).toBe(200);
  expect(await node.registrar.find(bob.aor)).toHaveLength(2);
  const carol = await phone('carol');
  const addresses = `${carol.contact};${instance}, <sip:carol@192.0.2.1>;${instance}`;
  expect((await carol.register({ contact: addresses })).status).toBe(200);
  expect(await node.registrar.find(carol.aor)).toHaveLength(2);
});
