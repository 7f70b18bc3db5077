/** A phone that is there by several flows (RFC 5626): each is a binding, and what one can't carry goes by another. */
import { afterEach, describe, expect, test } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import { until } from '../support/until.ts';

let node: TestNode;
const closing: { close(): void }[] = [];
afterEach(async () => {
  for (const phone of closing.splice(0)) phone.close();
  await node.close();
});

const CONTACT = '<sip:bob@192.0.2.2;transport=tcp>';
const INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000a95a0e128>"';

async function phone(name: string, react?: PhoneOptions['react']): Promise<Phone> {
  const started = await Phone.start(name, { server: node.server, ...(react ? { react } : {}) });
  closing.push(started);
  return started;
}

const refusing: PhoneOptions['react'] = ({ method }) => (method === 'MESSAGE' ? 430 : 200);

/** Two edge proxies; bob registers over the first as flow 1, then over the second as flow 2. */
async function start(options: TestNodeOptions = {}, second: PhoneOptions['react'] = refusing) {
  let time = Math.floor(Date.now() / 1000);
  node = await startNode({ now: () => time, ...options });
  const edges = [await phone('e1'), await phone('e2', second)] as const;
  const [alice, bob] = [await phone('alice'), await phone('bob')];
  const register = (nth: 0 | 1, params: string, expires = 600) => {
    // What was registered last is tried first.
    time++;
    return bob.register({ contact: CONTACT + params, expires, headers: { Path: pathOf(edges[nth]) } });
  };
  return { edges, alice, bob, register };
}

function pathOf(edge: Phone): string {
  return `<sip:token@${/@([^>;]+)/.exec(edge.contact)?.[1] ?? ''};lr;ob>`;
}

const flow = (regId: number) => `;${INSTANCE};reg-id=${regId}`;
const flows = async () =>
  (await node.registrar.find('bob@example.org')).map(({ regId, path }) => [regId, path[0]]).sort();

describe('two flows of one phone with one contact', () => {
  test('are two bindings; the newer one fails with 430, so a live message goes by the other, once', async () => {
    const { edges, alice, register } = await start();
    await register(0, flow(1));
    const answer = await register(1, flow(2));
    const listed = answer.headers.filter(([name]) => name === 'Contact').map(([, value]) => value);
    expect(
      listed
        .join()
        .match(/reg-id=\d/g)
        ?.sort(),
    ).toEqual(['reg-id=1', 'reg-id=2']);
    expect(await flows()).toEqual([
      [1, pathOf(edges[0])],
      [2, pathOf(edges[1])],
    ]);
    expect((await alice.message('bob', 'live')).status).toBe(200);
    expect(edges[0].texts).toEqual(['live']);
  });

  test.each(['first', 'every'] as const)(
    'a stored message goes by the flow that carries it, delivered to %s',
    async (deliverTo) => {
      const { edges, alice, register } = await start({ silo: { deliverTo } });
      expect((await alice.message('bob', 'stored')).status).toBe(202);
      await register(1, flow(2));
      await edges[1].received(1);
      await register(0, flow(1));
      await edges[0].received(1);
      await expect.poll(async () => (await node.store.ledger()).waiting).toBe(0);
      expect(edges[0].texts).toEqual(['stored']);
    },
  );

  test('both carry: the phone has a live message once', async () => {
    const { edges, alice, register } = await start({}, () => 200);
    await register(0, flow(1));
    await register(1, flow(2));
    for (const text of ['one', 'two']) expect((await alice.message('bob', text)).status).toBe(200);
    expect([...edges[0].texts, ...edges[1].texts].sort()).toEqual(['one', 'two']);
  });

  test('one is silent: a live message goes by the other in time', async () => {
    const { edges, alice, register } = await start({ silo: { liveTimeout: 2_000 } }, () => 'silence');
    await register(0, flow(1));
    await register(1, flow(2));
    expect((await alice.message('bob', 'live')).status).toBe(200);
    expect(edges[0].texts).toEqual(['live']);
  });

  test('one ends, the other stays; a new contact of a flow takes its place; * ends all', async () => {
    const { edges, bob, register } = await start();
    await register(0, flow(1));
    await register(1, flow(2));
    await register(0, flow(1), 0);
    expect(await flows()).toEqual([[2, pathOf(edges[1])]]);
    const moved = `<sip:bob@192.0.2.3;transport=tcp>${flow(2)}`;
    await bob.register({ contact: moved, expires: 600, headers: { Path: pathOf(edges[0]) } });
    expect(await flows()).toEqual([[2, pathOf(edges[0])]]);
    await register(0, flow(1));
    expect(await flows()).toHaveLength(2);
    await bob.register({ contact: '*', expires: 0 });
    expect(await flows()).toEqual([]);
  });

  test('a REGISTER without reg-id is a binding beside them, and its end with no reg-id is that of them all', async () => {
    const { register } = await start();
    await register(0, flow(1));
    await register(1, flow(2));
    await register(1, `;${INSTANCE}`);
    expect((await flows()).map(([regId]) => regId)).toEqual([undefined, 1, 2]);
    await register(1, `;${INSTANCE}`, 0);
    expect(await flows()).toEqual([]);
  });

  test('reg-id without an instance counts for nothing: one contact is one binding', async () => {
    const { edges, register } = await start();
    await register(0, ';reg-id=1');
    await register(1, ';reg-id=2');
    expect(await flows()).toEqual([[undefined, pathOf(edges[1])]]);
  });
});

test('two phones with one private contact behind two proxies are two bindings, and both get a message', async () => {
  const { edges, alice, register } = await start({ silo: { deliverTo: 'every' } }, () => 200);
  await register(0, ';+sip.instance="<urn:uuid:1>"');
  await register(1, ';+sip.instance="<urn:uuid:2>"');
  expect(await flows()).toHaveLength(2);
  await alice.message('bob', 'to both');
  await until(() => edges.every((edge) => edge.texts.length === 1));
});

test('a phone that forgot its instance, at the same place, is one binding', async () => {
  const { register } = await start();
  await register(0, ';+sip.instance="<urn:uuid:1>"');
  await register(0, ';+sip.instance="<urn:uuid:2>"');
  await register(0, '');
  expect(await flows()).toHaveLength(1);
});
