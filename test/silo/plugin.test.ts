/** The silo as a plugin: in an app that has its own registrar and its own router. */
import Srf from 'drachtio-srf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSilo, onLog, openStore, type Silo, type SiloOptions, type Store } from '../../lib/index.ts';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import { connectSrf, disconnectSrf } from '../../lib/sip/drachtio/connect.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import { idle } from '../support/sentinel.ts';
import { until } from '../support/until.ts';

type Send = (status: number, options?: object) => void;
interface Request {
  readonly method: string;
  get(name: string): string;
}
type Next = (error?: unknown) => void;
type Step = (req: Request, res: { send: Send }, next: Next) => void | Promise<void>;

let front: FrontEnd;
let store: Store;
let silo: Silo;
let srf: Srf;
let phones: Phone[];

/** An app whose registrar says 200 with the contact, and whose router does as told. */
async function start(router: Step, options: SiloOptions = {}, registrarStatus = 200): Promise<void> {
  front = await startFrontEnd({ listen: '127.0.0.1:0' });
  store = await openStore('sqlite::memory:');
  srf = new Srf();
  silo = createSilo({ srf, store }, { stopGrace: 200, ...options });
  const registrar: Step = (req, res) =>
    res.send(registrarStatus, { headers: { Contact: req.get('Contact'), Expires: '600' } });
  srf.use('register', silo.onRegister);
  srf.use('register', registrar as never);
  srf.use('message', silo.onMessage);
  srf.use('message', router as never);
  srf.use('message', silo.onFailure);
  const last = (error: { status?: number }, req: unknown, res: { send: Send }, next: Next) => {
    if (next.length >= 0) res.send(error.status ?? 500);
  };
  srf.use('message', last as never);
  await connectSrf(srf, { host: front.adminHost, port: front.adminPort, secret: 'cymru' });
  await silo.start();
}
async function phone(name: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
  const started = await Phone.start(name, {
    server: { host: '127.0.0.1', port: front.addresses[0]!.port },
    ...options,
  });
  phones.push(started);
  return started;
}
const failing =
  (status: number): Step =>
  (_req, _res, next) =>
    next(Object.assign(new Error('the router failed'), { status }));

beforeEach(() => {
  phones = [];
});
afterEach(async () => {
  for (const started of phones) started.close();
  await silo.close();
  disconnectSrf(srf);
  await front.close();
  await store.close();
});

describe('a host app with its own registrar and router', () => {
  test('the silo learns devices from REGISTERs that were accepted, and stores only for those who are away', async () => {
    const routed: string[] = [];
    await start((req, res) => {
      routed.push(req.method);
      res.send(200);
    });
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    expect((await alice.message('bob', 'one')).status).toBe(202);
    await bob.register({ expires: 600 });
    await bob.received(1);
    await until(async () => expect(await store.ledger()).toMatchObject({ waiting: 0 }));
    expect((await alice.message('bob', 'two')).status).toBe(200);
    expect(routed).toEqual(['MESSAGE']);
    await bob.unregister();
    expect((await alice.message('bob', 'three')).status).toBe(202);
  });

  test('a REGISTER that the host refuses sets off nothing', async () => {
    await start((_req, res) => res.send(200), {}, 403);
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await alice.message('bob', 'one');
    expect((await bob.register({ expires: 600 })).status).toBe(403);
    await idle({ silo }, bob);
    expect(bob.messages).toHaveLength(0);
  });

  test.each([404, 405, 408, 410, 415, 430, 480, 486, 500, 501, 503])(
    'next(error) with %d: stored, the sender gets 202, it arrives later',
    async (status) => {
      await start(failing(status));
      const [alice, bob] = [await phone('alice'), await phone('bob')];
      await bob.register({ expires: 600 });
      expect((await alice.message('bob', 'one')).status).toBe(202);
      expect(await store.ledger()).toMatchObject({ waiting: 1 });
      await bob.register({ expires: 600 });
      await bob.received(1);
    },
  );

  test.each([403, 603, 604, 606])(
    'next(error) with %d: goes back to the sender, nothing is stored',
    async (status) => {
      await start(failing(status));
      const [alice, bob] = [await phone('alice'), await phone('bob')];
      await bob.register({ expires: 600 });
      expect((await alice.message('bob', 'one')).status).toBe(status);
      expect(await store.ledger()).toMatchObject({ waiting: 0 });
    },
  );

  test('an error without a status is a fault of the host: the message is kept', async () => {
    await start((_req, _res, next) => next(new TypeError('oops')));
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'one')).status).toBe(202);
  });

  test('silo.store says what happened and answers nothing', async () => {
    const results: unknown[] = [];
    await start(async (req, res) => {
      const result = await silo.store(req, { owner: 'carol@example.org', expires: 60 });
      results.push(result);
      res.send(result.status);
    });
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'one', { callId: 'same', cseq: 1, tag: 't' })).status).toBe(202);
    expect((await alice.message('bob', 'one', { callId: 'same', cseq: 1, tag: 't' })).status).toBe(202);
    expect((await alice.message('bob', `${'x'.repeat(6000)}\r\n${'x'.repeat(6000)}`)).status).toBe(413);
    expect(results).toMatchObject([
      { result: 'stored', box: 'carol@example.org', id: 1 },
      { result: 'repeated', box: 'carol@example.org' },
      { result: 'refused', status: 413, reason: expect.stringContaining('at most') as string },
    ]);
  });

  test('silo.dump sends what waits without a REGISTER, and events tell what became of each message', async () => {
    await start((_req, res) => res.send(200));
    const log: string[] = [];
    silo.events.on('stored', ({ box }) => log.push(`stored ${box}`));
    silo.events.on('ended', ({ outcome }) => log.push(outcome));
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    await bob.register({ expires: 600 });
    await alice.message('carol', 'one');
    const { key, ...rest } = (await store.waiting('carol@example.org', 0, 1))[0]!;
    await store.accept({
      ...rest,
      key: key.replace(/^./, (first) => (first === '0' ? '1' : '0')),
      box: 'bob@example.org',
    });
    silo.dump('bob@example.org');
    await bob.received(1);
    await until(() => expect(log).toEqual(['stored carol@example.org', 'delivered']));
  });

  test('a device that the host registers, but nothing can be sent to: one warning, health and the attempt say so', async () => {
    const warnings: string[] = [];
    const attempts: unknown[] = [];
    const stop = onLog((level, _room, text) => {
      if (level === 'warn') warnings.push(text);
    });
    try {
      await start((_req, res) => res.send(200));
      silo.events.on('attempt', ({ status, reason }) => attempts.push([status, reason]));
      const [alice, bob] = [await phone('alice'), await phone('bob')];
      await alice.message('bob', 'one');
      const headers = { Path: '<sip:edge.example.org;lr>' };
      const contact = `<sip:bob@192.0.2.7;pn-prid=${'x'.repeat(480)}>`;
      for (let time = 0; time < 3; time++)
        expect((await bob.register({ contact, expires: 600, headers })).status).toBe(200);
      const why = expect.stringMatching(
        /Contact and Path take 5\d\d bytes through drachtio-server/,
      ) as string;
      await until(() => expect(attempts[0]).toEqual([404, why]));
      expect(warnings.filter((text) => /nothing can be sent to/.test(text))).toEqual([why]);
      expect(await silo.health()).toMatchObject({ ok: true, warnings: [why] });
      await bob.register({ contact, expires: 0, headers });
      expect(await silo.health()).toMatchObject({ ok: true, warnings: [] });
      expect(await store.ledger()).toMatchObject({ waiting: 1, dead: 0 });
    } finally {
      stop();
    }
  });

  test('a message for somebody of a domain that is not served is left to the host', async () => {
    await start((_req, res) => res.send(404), { domains: ['example.net'] });
    const alice = await phone('alice');
    expect((await alice.message('bob', 'one')).status).toBe(404);
  });
});
