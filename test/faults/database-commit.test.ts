/** The connection is lost in the middle of a COMMIT: nobody knows whether it happened, and the unique key tells. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import type { Message } from '../../lib/stores/contract/message.ts';
import type { Lease } from '../../lib/stores/contract/leases.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { aBinding, aRegister, aMessage } from '../stores/contract/messages.ts';
import { startHarmed, through, type HarmedDatabase } from './database.ts';
import { startProxy, type Harm, type Proxy } from './proxy.ts';

const delivered = { outcome: 'delivered', status: 200, reason: 'OK' } as const;
const harms: readonly Harm[] = ['before', 'after', 'silent'];

describe('a connection that is lost in the middle of a COMMIT', needing(mariadbMissing()), () => {
  let db: HarmedDatabase;
  let proxy: Proxy;
  let store: Store;
  let serial = 0;
  let box = '';
  beforeAll(async () => {
    db = await startHarmed();
    proxy = await startProxy(db.mariadb.port);
    store = await openStore(db.url.replace(`:${db.mariadb.port}/`, `:${proxy.port}/`), {
      queryTimeout: 2_000,
    });
  });
  afterAll(async () => {
    await store.close();
    proxy.close();
    await db.close();
  });
  beforeEach(() => {
    box = `commit${++serial}@example.org`;
  });
  const waiting = () => db.store.waiting(box, 1000, 100);
  const leased = async (): Promise<{ lease: Lease; message: Message }> => {
    await store.accept(aMessage(box));
    const claim = await store.claim(box, 'node', 30);
    if (!('lease' in claim)) throw new Error('the box is held');
    return { lease: claim.lease, message: (await waiting())[0]! };
  };

  test.each(harms)('%s: a message is accepted all the same, once, and known as new', async (how) => {
    proxy.harm(how);
    const message = aMessage(box);
    const accepted = await store.accept(message);
    expect(accepted).toEqual({ stored: true, id: (await waiting())[0]?.id });
    expect(await waiting()).toHaveLength(1);
    expect(await store.accept(message)).toMatchObject({ stored: false });
  });

  test.each(harms)('%s: a settled message is known as settled, once', async (how) => {
    const { lease, message } = await leased();
    proxy.harm(how);
    expect(await store.settle(lease, message, delivered)).toBe(true);
    expect(await store.settle(lease, message, delivered)).toBe(false);
    expect(await waiting()).toHaveLength(0);
  });

  test('a stale lease settles nothing, also when the COMMIT was lost', async () => {
    const { lease, message } = await leased();
    await store.claim(box, 'node', 30);
    proxy.harm('after');
    expect(await store.settle(lease, message, delivered)).toBe(false);
    expect(await waiting()).toHaveLength(1);
  });

  test('a REGISTER, which may not be done twice, gets 503 and can be repeated', async () => {
    const binding = (cseq: number) => aBinding(box, 'sip:bob@192.0.2.1', { cseq });
    const register = (cseq: number) => store.register(aRegister(box, [binding(cseq)], { cseq }));
    proxy.harm('after');
    await expect(register(1)).rejects.toMatchObject({ code: 'SILO_STORE_UNAVAILABLE', status: 503 });
    expect(await register(2)).toEqual({ bindings: [binding(2)] });
  });

  test('many senders, COMMITs cut again and again: all acknowledged messages are there, none twice', async () => {
    const before = proxy.harmed;
    const { report } = await through('COMMITs cut', store, async (senders) => {
      for (let i = 0; i < 30; i++) {
        proxy.harm(i % 2 ? 'before' : 'after');
        await senders.recovery();
      }
    });
    expect(proxy.harmed - before).toBe(30);
    expect(report.refusals).toBe(0);
  });
});
