/** The application as code starts it: what is opened for it, what it is given, and its end. */
import { afterEach, describe, expect, test } from 'vitest';
import { startApplication, type Application } from '../../lib/app/application.ts';
import { readConfig } from '../../lib/config/config.ts';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import { openStore, type Store } from '../../lib/index.ts';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function config(port?: number) {
  return readConfig({
    SILO_STORE: 'sqlite::memory:',
    SILO_SIP_LISTEN: `127.0.0.1:${port ?? (await freePort())}`,
    SILO_STOP_GRACE: '200',
    SILO_HTTP_LISTEN: 'off',
  });
}

/** A front end and a store that are the test's own. */
async function given(): Promise<{ front: FrontEnd; store: Store }> {
  const front = await startFrontEnd({ listen: '127.0.0.1:0' });
  closing.push(() => front.close());
  const store = await openStore('sqlite::memory:');
  closing.push(() => store.close());
  return { front, store };
}

async function phoneAt(port: number): Promise<Phone> {
  const phone = await Phone.start('alice', { server: { host: '127.0.0.1', port } });
  closing.push(() => phone.close());
  return phone;
}

describe('the application', () => {
  test('by its configuration alone it opens a front end and a store, and closes them at its end', async () => {
    const port = await freePort();
    const application = await startApplication(await config(port));
    expect(application.addresses.join()).toContain(`:${port}`);
    expect((await (await phoneAt(port)).message('bob', 'one')).status).toBe(202);
    await application.stop();
    const next = await startFrontEnd({ listen: `127.0.0.1:${port}` });
    await next.close();
    await expect(application.store.ping()).rejects.toThrow();
  });

  test('a store and a front end that it is given stay open at its end', async () => {
    const { front, store } = await given();
    const application = await startApplication(await config(), { front, store });
    const phone = await phoneAt(front.addresses[0]!.port);
    expect((await phone.message('bob', 'one')).status).toBe(202);
    await application.stop();
    await store.ping();
    expect(await store.ledger()).toMatchObject({ waiting: 1 });
    expect(application.front).toBeUndefined();
  });

  test('what was opened is closed again when it can not start', async () => {
    const port = await freePort();
    await expect(
      startApplication(await config(port), { mwi: { publishers: ['example.org'] } }),
    ).rejects.toMatchObject({ code: 'SILO_CONFIG' });
    const next = await startFrontEnd({ listen: `127.0.0.1:${port}` });
    await next.close();
  });

  test('it can be stopped as soon as it is connected, and a second stop waits for the first', async () => {
    const stops: (() => Promise<void>)[] = [];
    const application: Application = await startApplication(await config(), {
      onConnected: (stop) => stops.push(stop),
    });
    const ended: string[] = [];
    await Promise.all([
      stops[0]!().then(() => ended.push('first')),
      application.stop().then(() => ended.push('second')),
    ]);
    expect(ended).toEqual(['first', 'second']);
  });

  test('the silo and the lamps are one node of the database', async () => {
    const application = await startApplication(await config(), { silo: { node: 'one' } });
    closing.push(application.stop);
    expect((await application.silo.nodes.list()).map(({ node, state }) => [node, state])).toEqual([
      ['one', 'alive'],
    ]);
  });
});
