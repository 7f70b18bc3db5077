/** Found in use: a host app whose router is `srf.proxyRequest`. The sender had the failure from the server, and the silo stored the message, too. */
import type Srf from 'drachtio-srf';
import { afterEach, expect, test } from 'vitest';
import { onLog } from '../../lib/base/log.ts';
import { realServer } from '../support/real-server.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { until } from '../support/until.ts';

type Step = (req: never, res: { send: (status: number) => void }, next: (error?: unknown) => void) => void;

let node: TestNode;
const phones: Phone[] = [];
const errors: string[] = [];
let stop: () => void = () => undefined;
afterEach(async () => {
  stop();
  for (const phone of phones.splice(0)) phone.close();
  await node.close();
});

async function start(router: (srf: Srf) => Step): Promise<{ readonly heard: unknown[] }> {
  const heard: unknown[] = [];
  errors.length = 0;
  stop = onLog((level, _, text) => {
    if (level === 'error') errors.push(text);
  });
  node = await startNode({
    chain: ({ srf, silo, registrar }) => {
      srf.use('register', registrar.onRegister);
      srf.use('message', silo.onMessage);
      srf.use('message', router(srf) as never);
      srf.use('message', silo.onFailure);
      const last = (
        error: unknown,
        _req: unknown,
        res: { send: (status: number) => void },
        next: unknown,
      ) => {
        heard.push(error, next);
        res.send(500);
      };
      srf.use('message', last as never);
    },
  });
  return { heard };
}
async function phones2() {
  const alice = await Phone.start('alice', { server: node.server });
  const bob = await Phone.start('bob', { server: node.server, react: () => 486 });
  phones.push(alice, bob);
  await bob.register({ expires: 600 });
  return { alice, bob };
}

test('what srf.proxyRequest has sent is not stored when it fails, and the developer is told why', async () => {
  let contact = '';
  const { heard } = await start((srf) => (req, _res, next) => {
    srf.proxyRequest(req, contact, ((error: unknown) =>
      next(error ?? Object.assign(new Error('busy'), { status: 486 }))) as never);
  });
  const { alice, bob } = await phones2();
  contact = bob.contact.slice(1, -1);
  // The embedded front end can't proxy.
  expect((await alice.message('bob', 'hi')).status).toBe(realServer === undefined ? 500 : 486);
  await until(() => expect(heard[0]).toMatchObject({ message: expect.stringContaining('onLive') as string }));
  expect(errors).toEqual([
    expect.stringContaining('A MESSAGE that srf.proxyRequest has sent is not stored') as string,
  ]);
  expect(await node.store.ledger()).toMatchObject({ waiting: 0 });
});

test('a router that sends a request of its own, and hands its failure on, has it stored', async () => {
  let contact = '';
  await start((srf) => (req, res, next) => {
    const { body } = req as { body: string };
    const headers = { 'Content-Type': 'text/plain' };
    // In callback form: an answer that comes at once would be missed behind an `await`.
    const sentOff = (
      error: unknown,
      sent: { on: (event: 'response', listener: (answer: { status: number }) => void) => void },
    ) => {
      if (error) next(error);
      else
        sent.on('response', ({ status }) => {
          if (status < 300) res.send(status);
          else next(Object.assign(new Error('not delivered'), { status }));
        });
    };
    const send = srf.request.bind(srf) as unknown as (...args: unknown[]) => void;
    send(contact, { method: 'MESSAGE', headers, body }, sentOff);
  });
  const { alice, bob } = await phones2();
  contact = bob.contact.slice(1, -1);
  expect((await alice.message('bob', 'hi')).status).toBe(202);
  bob.react = () => 200;
  await bob.register({ expires: 600 });
  expect(await node.store.ledger()).toMatchObject({ waiting: 1, dead: 0 });
});
