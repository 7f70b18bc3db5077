/** Phones behind NATs with one private Contact: which SUBSCRIBE is another phone's, and which one that of a phone that was restarted? */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode } from '../../support/node.ts';
import { until } from '../../support/until.ts';
import { LampPhone, stateOf, voice, type Headers, type Line } from '../../support/lamp-phone.ts';

let node: TestNode;
/** The proxy that all of bob's phones are behind. */
let edge: LampPhone;
const CONTACT = '<sip:bob@192.168.1.10:5060>';

async function start(unsolicited: 'off' | 'terminated' = 'off'): Promise<void> {
  node = await startNode({ mwi: { notifyInterval: 0, unsolicited } });
  edge = await LampPhone.start('bob', { server: node.server });
}
beforeEach(() => start());
afterEach(async () => {
  edge.close();
  await node.close();
});

const port = () => /:(\d+)/.exec(edge.phone.contact.split('@')[1]!)![1]!;
const route = (user: string, params = '') => `<sip:${user}127.0.0.1:${port()};lr${params}>`;
const subscribe = (headers: Headers) => edge.subscribe({ Contact: CONTACT, ...headers });

/** Whom a change is told, and whom it is said that the subscription is over; that may be said a moment after the change. */
async function areTold(lines: readonly Line[], wanted: readonly string[]): Promise<void> {
  const last = lines.at(-1)!;
  expect(lines.map(({ answer }) => answer.status)).toEqual(lines.map(() => 200));
  await edge.publish('bob@example.org', voice(7));
  await edge.sees((notify) => notify.header('Call-ID') === last.callId && notify.text.includes('7/0'));
  await edge.phone.heard();
  await until(() => {
    const found = lines.map((line) => {
      // What is said last may have the new counts, too: the state decides.
      const notify = edge.of(line).at(-1)!;
      const state = stateOf(notify);
      return state.startsWith('active') && notify.text.includes('7/0') ? 'watches' : state;
    });
    expect(found).toEqual(wanted);
  });
}
const BOTH = ['watches', 'watches'];
const REPLACED = ['terminated;reason=noresource', 'watches'];

test.each([
  ['flow tokens in the user of their Record-Route', 'token1@', 'token2@', '', ''],
  ['flow tokens in a parameter', '', '', ';token=1', ';token=2'],
])('two phones of one private Contact behind one proxy with %s both watch', async (_, u1, u2, p1, p2) => {
  const one = await subscribe({ 'Record-Route': route(u1, p1) });
  const two = await subscribe({ 'Record-Route': route(u2, p2) });
  const again = await edge.again(one, { Contact: CONTACT });
  expect(again.status).toBe(200);
  await areTold([one, two], BOTH);
});

describe('a phone that was restarted replaces its old subscription', () => {
  test.each([
    ['along the same route', 'token1@', '', ''],
    [
      'along a route with parameters of the dialog',
      '',
      ';ftag=a73kszlfl;did=1f8.a2c',
      ';ftag=b8822;did=2f9.b3d',
    ],
    ['with outbound', 'token1@', ';ob', ';ob'],
  ])('%s', async (_, user, p1, p2) => {
    const one = await subscribe({ 'Record-Route': route(user, p1) });
    const two = await subscribe({ 'Record-Route': route(user, p2) });
    await areTold([one, two], REPLACED);
  });

  test('without a route', async () => {
    const [one, two] = [await subscribe({}), await subscribe({})];
    await areTold([one, two], REPLACED);
  });

  test('by its instance, whatever the route and the contact', async () => {
    const Contact = `${CONTACT};+sip.instance="<urn:uuid:1>"`;
    const one = await subscribe({ Contact, 'Record-Route': route('token1@') });
    const two = await subscribe({ Contact, 'Record-Route': route('token2@') });
    await areTold([one, two], REPLACED);
  });

  test('by its GRUU, whatever the route', async () => {
    const Contact = '<sip:bob@example.org;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>';
    const one = await subscribe({ Contact, 'Record-Route': route('token1@') });
    const two = await subscribe({ Contact, 'Record-Route': route('token2@') });
    await areTold([one, two], REPLACED);
  });
});

test('phones that never subscribe are told each along its Path; one that then subscribes gets no copies', async () => {
  edge.close();
  await node.close();
  await start('terminated');
  const register = (user: string) =>
    edge.phone.register({
      contact: CONTACT,
      expires: 600,
      callId: user,
      headers: { Path: route(user, ';ob') },
    });
  // The registrar knows one binding; both are told, since both were there.
  await register('token1@');
  await register('token2@');
  await edge.notified(2);
  const line = await subscribe({ 'Record-Route': route('token2@') });
  await edge.publish('bob@example.org', voice(7));
  await edge.sees((notify) => notify.header('Call-ID') === line.callId && notify.text.includes('7/0'));
  const routes = () =>
    edge.notifies.filter(({ text }) => text.includes('7/0')).map((notify) => notify.header('Route'));
  await expect.poll(() => routes().sort()).toEqual([route('token1@', ';ob'), route('token2@')]);
});
