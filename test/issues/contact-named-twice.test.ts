/** Found in use: a REGISTER that named one contact twice, in two spellings, bound it twice, and a device had each message twice. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { nothingMore } from '../support/sentinel.ts';

let scene: Scene;
let alice: Phone;
let bobs = 0;
beforeAll(async () => {
  scene = await aScene();
  alice = await scene.phone('alice');
});
afterAll(() => scene.close());

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
  const bob = await scene.phone(`bob${bobs++}`);
  const contact = contacts(bob.contact.slice(1, -1));
  expect((await bob.register({ contact })).status).toBe(200);
  expect(await scene.node.registrar.find(bob.aor)).toHaveLength(1);
  expect((await alice.message(bob.name, 'live')).status).toBe(200);
  await nothingMore(bob);
  expect(bob.texts).toEqual(['live']);
});

test('of a contact that comes and goes in one REGISTER the last word counts', async () => {
  const bob = await scene.phone('bob-leaves');
  expect((await bob.register({ contact: `${bob.contact}, ${bob.contact};expires=0` })).status).toBe(200);
  expect(await scene.node.registrar.find(bob.aor)).toEqual([]);
  expect((await bob.register({ contact: `${bob.contact};expires=0, ${bob.contact}` })).status).toBe(200);
  expect(await scene.node.registrar.find(bob.aor)).toHaveLength(1);
});

test('two flows, and two addresses of one instance, stay two', async () => {
  const bob = await scene.phone('bob-flows');
  const instance = '+sip.instance="<urn:x>"';
  const flows = `${bob.contact};${instance};reg-id=1, ${bob.contact};${instance};reg-id=2`;
  expect((await bob.register({ contact: flows })).status).toBe(200);
  expect(await scene.node.registrar.find(bob.aor)).toHaveLength(2);
  const carol = await scene.phone('carol');
  const addresses = `${carol.contact};${instance}, <sip:carol@192.0.2.1>;${instance}`;
  expect((await carol.register({ contact: addresses })).status).toBe(200);
  expect(await scene.node.registrar.find(carol.aor)).toHaveLength(2);
});
