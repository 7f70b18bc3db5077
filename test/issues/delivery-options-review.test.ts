/** What a hostile review of the options of deliveries found. */
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { StoreOverrides } from '../../lib/silo/receive/message-of-request.ts';
import type { SiloOptions } from '../../lib/silo/state/options.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { nothingMore } from '../support/sentinel.ts';
import { until } from '../support/until.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TestNodeOptions } from '../support/node.ts';

let scene: Scene;
const start = async (silo: SiloOptions = {}, more: TestNodeOptions = {}) =>
  (scene = await aScene({ silo: { tailTime: 0.05, ...silo }, ...more }));
afterEach(() => scene.close());

const params = (n: number) => `;+sip.instance="<urn:uuid:device-${n}>"`;

test('from every device back to the first one: who has a message does not get it again', async () => {
  const folder = temporaryFolder('silo-switched');
  const storeUrl = `sqlite:${join(folder.path, 'silo.db')}`;
  await start({ deliverTo: 'every' }, { storeUrl });
  const [one, two] = [await scene.phone('bob'), await scene.phone('bob')];
  await two.register({ expires: 600, params: params(2) });
  await two.unregister();
  await one.register({ expires: 600, params: params(1) });
  await scene.leave('bob', 'one', 'two');
  await one.received(2);
  await one.unregister();
  await until(async () =>
    expect((await scene.node.store.waiting('bob@example.org', scene.time, 9)).map((m) => m.takenBy)).toEqual([
      ['urn:uuid:device-1'],
      ['urn:uuid:device-1'],
    ]),
  );
  await scene.close();

  await start({ deliverTo: 'first' }, { storeUrl });
  await scene.leave('bob', 'three');
  const again = await scene.phone('bob');
  await again.register({ expires: 600, params: params(1) });
  await until(async () =>
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, delivered: 3 }),
  );
  expect(again.texts).toEqual(['three']);
  folder.remove();
});

test('a device is owed messages from its last registration on, also where that is remembered for minutes only', async () => {
  await start({ deliverTo: 'every', deviceMemory: 600 });
  const [one, two] = [await scene.phone('bob'), await scene.phone('bob')];
  await one.register({ expires: 3600, params: params(1) });
  await two.register({ expires: 3600, params: params(2) });
  scene.time += 2000;
  await two.register({ expires: 3600, params: params(2) });
  scene.time += 100;
  await two.unregister();
  await scene.leave('bob', 'hello');
  await one.received(1);
  await until(async () =>
    expect((await scene.node.store.waiting('bob@example.org', scene.time, 1))[0]!.takenBy).toHaveLength(1),
  );
  await two.register({ expires: 600, params: params(2) });
  await two.received(1);
});

describe('extraHeaders', () => {
  const delivered = async () => {
    await scene.leave('bob', 'hello there');
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    const [message] = await bob.received(1);
    return message!;
  };

  test('of a function that says nonsense cost nothing but themselves', async () => {
    const nonsense = { 'X-A': undefined, 'X-B': 5, 'X C': 'x', 'X-D': 'a\r\nX-E: 1', 'X-F': 'ok' };
    await start({ extraHeaders: () => nonsense as unknown as Record<string, string> });
    const message = await delivered();
    expect(message.header('X-F')).toBe('ok');
    expect(message.headers.filter(([name]) => /^x[- ][a-e]/i.test(name))).toEqual([]);
  });

  test('that are nothing at all', async () => {
    await start({ extraHeaders: () => undefined as unknown as Record<string, string> });
    expect((await delivered()).body.toString()).toBe('hello there');
  });

  test('never replace or double what is written by us or by drachtio, in whatever form they are named', async () => {
    const ours = [
      'f',
      'T',
      'i',
      'v',
      'Via',
      'l',
      'Content-Length',
      'c',
      'm',
      'Contact',
      'Route',
      'Max-forwards',
    ];
    await start({
      extraHeaders: () => Object.fromEntries([...ours, 'Require', 'e', 'X-Ok'].map((name) => [name, '1'])),
    });
    const message = await delivered();
    expect(message.body.toString()).toBe('hello there');
    expect(message.header('X-Ok')).toBe('1');
    expect(message.headers.map(([name]) => name.toLowerCase()).sort()).toEqual(
      [
        ...['call-id', 'content-length', 'content-type', 'cseq', 'date', 'expires', 'from', 'max-forwards'],
        ...['to', 'via', 'x-ok'],
      ].sort(),
    );
  });
});

describe('every device', () => {
  const SILO: SiloOptions = {
    deliverTo: 'every',
    addDate: true,
    noticeFrom: 'sip:silo@example.org',
    noticeInterval: 0,
  };

  test('one that is there gets a message at once: without a date before it, and its author is not told of a silo', async () => {
    await start(SILO);
    const [bob, alice] = [await scene.phone('bob'), await scene.phone('alice')];
    await bob.register({ expires: 600, params: params(1) });
    await alice.register({ expires: 600 });
    await alice.message('bob', 'live');
    await bob.received(1);
    await bob.unregister();
    await alice.message('bob', 'stored');
    await alice.received(1);
    scene.time += 60;
    await bob.register({ expires: 600, params: params(1) });
    await bob.received(2);
    expect(bob.texts[0]).toBe('live');
    expect(bob.texts[1]).toMatch(/^\[Offline message - .*\] stored$/);
    await nothingMore(alice);
    expect(alice.messages).toHaveLength(1);
  });
});

describe('silo.store(req, …)', () => {
  test.each([
    [{ from: 'nonsense at all' }, 400],
    [{ to: '<sip:x@y>' }, 400],
    [{ expires: NaN }, 400],
    [{ headers: { To: 'somebody' } }, 400],
    [{ headers: { c: 'text/html' } }, 400],
    [{ expires: Infinity }, 202],
    [{ expires: 0.5 }, 202],
    [{ from: 'carol@example.org', to: 'room@example.org' }, 202],
  ] satisfies [StoreOverrides, number][])('%o: %i', async (over, status) => {
    await start(
      {},
      {
        chain: ({ srf, silo }) =>
          srf.use('message', (req: object, res: { send(status: number): void }) => {
            void silo.store(req, over).then((result) => res.send(result.status));
          }),
      },
    );
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', 'hi')).status).toBe(status);
    const rows = await scene.node.store.waiting('bob@example.org', scene.time, 5);
    expect(rows).toHaveLength(status === 202 ? 1 : 0);
    if ('from' in over && status === 202)
      expect(rows[0]).toMatchObject({ srcAddr: 'sip:carol@example.org', dstAddr: 'sip:room@example.org' });
  });
});
