import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SiloError } from '../../../lib/base/errors.ts';
import type { NewMessage } from '../../../lib/stores/contract/message.ts';
import { openStore } from '../../../lib/stores/open.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { aMessage } from '../contract/messages.ts';

const BOX = 'bob@example.org';
let folder: ReturnType<typeof temporaryFolder>;
let files = 0;
const newPath = () => join(folder.path, `${files++}.db`);
const open = (now: () => number = () => 1000, path = newPath()) => openStore(`sqlite:${path}`, { now });

beforeAll(() => {
  folder = temporaryFolder('silo-worker');
});
afterAll(() => folder.remove());

describe('the thread of an SQLite store', () => {
  test('bodies come back as Buffers, byte for byte, also those that are a piece of a larger one', async () => {
    const store = await open();
    const large = Buffer.from('a large buffer with a body in it');
    const bodies = [large.subarray(8, 14), Buffer.alloc(0), Buffer.alloc(9000, 0xff)];
    for (const body of bodies) await store.accept(aMessage(BOX, { body, sendTime: 900 }));
    const rows = await store.waiting(BOX, 1000, 10);
    expect(rows.map(({ body }) => Buffer.isBuffer(body))).toEqual([true, true, true]);
    expect(rows.map(({ body }) => body)).toEqual(bodies);
    await store.accept(aMessage(BOX, { body: large, sendTime: 2000 }));
    expect((await store.reminders(BOX, 1000, 10))[0]!.body).toEqual(large);
    const [overdue] = await store.expire(9000, 1);
    expect(overdue!.message.body).toEqual(bodies[0]);
    await store.close();
  });

  test('an error has its code, status, Retry-After, sentence, cause, and the stack of where it happened', async () => {
    const path = newPath();
    const store = await open(undefined, path);
    const database = new DatabaseSync(path);
    database.exec('drop table silo_node');
    database.close();
    const error: unknown = await store.nodes().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SiloError);
    expect(error).toMatchObject({
      code: 'SILO_STORE_UNAVAILABLE',
      status: 503,
      retryAfter: 10,
      message: expect.stringContaining('no such table: silo_node') as string,
      cause: { message: 'no such table: silo_node' },
      stack: expect.stringContaining('turns') as string,
    });
    await store.close();
  });

  test('each call has the time at which it was made', async () => {
    let now = 1000;
    const store = await open(() => now);
    const first = store.claim(BOX, 'one', 10);
    now = 1005;
    const second = store.claim(BOX, 'two', 10);
    now = 1011;
    const third = store.claim(BOX, 'two', 10);
    expect(await first).toHaveProperty('lease');
    expect(await second).toEqual({ heldFor: 5 });
    expect(await third).toHaveProperty('lease');
    await store.close();
  });

  test('a call with something that can not be sent fails alone', async () => {
    const store = await open();
    const bad = aMessage(BOX, { headers: (() => '') as unknown as string });
    const results = await Promise.allSettled([
      store.accept(aMessage(BOX)),
      store.accept(bad),
      store.accept(aMessage(BOX)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.waiting(BOX, 1000, 10)).toHaveLength(2);
    await store.close();
  });

  test('what was called before close() is done, what is called later gets 503, and a second close() is none', async () => {
    const path = newPath();
    const store = await open(undefined, path);
    const accepted = Array.from({ length: 500 }, () => store.accept(aMessage(BOX)));
    const closed = store.close();
    await expect(store.accept(aMessage(BOX))).rejects.toMatchObject({
      code: 'SILO_STORE_UNAVAILABLE',
      status: 503,
    });
    expect((await Promise.all(accepted)).every(({ stored }) => stored)).toBe(true);
    await closed;
    await store.close();
    const again = await open(undefined, path);
    expect(await again.waiting(BOX, 1000, 1000)).toHaveLength(500);
    await again.close();
  });

  test('a close() comes between two slices of a sweep', async () => {
    const store = await open();
    const messages: NewMessage[] = Array.from({ length: 5000 }, () => aMessage(BOX));
    await store.acceptAll(messages);
    const sweep = store.expire(9000, Infinity);
    const ended = expect(sweep).rejects.toMatchObject({ code: 'SILO_STORE_UNAVAILABLE' });
    const begun = performance.now();
    await store.lastId();
    await store.close();
    await ended;
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test('new files are their owner’s alone, whatever the umask', async () => {
    const path = newPath();
    const umask = process.umask(0);
    try {
      const store = await open(undefined, path);
      await store.accept(aMessage(BOX));
      for (const file of [path, `${path}-wal`, `${path}-shm`])
        expect(statSync(file).mode & 0o777).toBe(0o600);
      await store.close();
    } finally {
      process.umask(umask);
    }
  });
});
