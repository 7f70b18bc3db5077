/** The suite that every store passes whose bodies are encrypted. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { onLog } from '../../../lib/base/log.ts';
import type { Message } from '../../../lib/stores/contract/message.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { encryptStored } from '../../../lib/stores/encrypt.ts';
import { acceptRules } from './accept-rules.ts';
import { aMessage, type StoreUnderTest } from './messages.ts';

export function aKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

const BODY = Buffer.from('the body 🐘');
const SECRET = { headers: 'Subject: the subject\r\n', body: BODY };

export function bodyKeyConformance(create: () => Promise<StoreUnderTest>): void {
  const [first, second] = [aKey('2026'), aKey('next.year')];
  let under: StoreUnderTest;
  /** With the first key, and without any: what stands in the database. */
  let store: Store;
  let bare: Store;
  let box = '';
  let boxes = 0;
  const open = (bodyKey: string) => under.open(() => 1000, { bodyKey });
  const read = async (from: Store): Promise<readonly Message[]> => from.waiting(box, 1000, 100);

  beforeAll(async () => {
    under = await create();
    store = await open(first);
    bare = await open('');
  });
  afterAll(async () => {
    await bare.close();
    await store.close();
    await under.remove();
  });
  beforeEach(() => {
    box = `bob${boxes++}@example.org`;
  });

  describe('bodies that are encrypted', () => {
    test('come out as they came in, and neither they nor headers stand in the database', async () => {
      await store.accept(aMessage(box, SECRET));
      await store.acceptAll([aMessage(box, SECRET), aMessage(box, { headers: '', body: Buffer.alloc(0) })]);
      expect(await read(store)).toMatchObject([SECRET, SECRET, { headers: '', body: Buffer.alloc(0) }]);
      for (const { seal, headers, body } of await read(bare)) {
        expect([seal, headers]).toEqual(['2026', '']);
        expect(body.includes('the')).toBe(false);
      }
    });

    test('of reminders, and of what has expired, are read likewise', async () => {
      await store.accept(aMessage(box, { ...SECRET, sendTime: 2000 }));
      expect(await store.reminders(box, 1000, 10)).toMatchObject([SECRET]);
      await store.accept(aMessage(box, { ...SECRET, expTime: 1001 }));
      const over = (await store.expire(1500, 10)).filter(({ message }) => message.box === box);
      expect(over).toMatchObject([{ message: SECRET, outcome: 'expired' }]);
    });

    test('count by the size that was sent, also when they come back from the dead letters', async () => {
      const size = BODY.length + SECRET.headers.length;
      const rules = (bytes: number) => acceptRules({ box: { messages: 0, bytes }, overflow: 'reject' });
      expect(await store.accept(aMessage(box, SECRET), rules(size - 1))).toMatchObject({ stored: false });
      expect(await store.accept(aMessage(box, SECRET), rules(size))).toMatchObject({ stored: true });
      const claim = await store.claim(box, 'node', 30);
      const [message] = await read(store);
      if (!message || !('lease' in claim)) throw new Error('it is not there');
      await store.settle(claim.lease, message, { outcome: 'dead', status: 400, reason: 'no' });
      expect(await read(store)).toEqual([]);
      await store.replay([message.id], 5000);
      expect(await read(store)).toMatchObject([SECRET]);
      expect(await store.accept(aMessage(box, SECRET), rules(2 * size - 1))).toMatchObject({ stored: false });
      expect(await store.accept(aMessage(box, SECRET), rules(2 * size))).toMatchObject({ stored: true });
    });

    test('stand beside others that are not', async () => {
      await bare.accept(aMessage(box, SECRET));
      await store.accept(aMessage(box, SECRET));
      expect(await read(store)).toMatchObject([SECRET, SECRET]);
    });

    test('are read with an older key, while a new one encrypts', async () => {
      await store.accept(aMessage(box, SECRET));
      const rotated = await open(`${second},\n${first}`);
      await rotated.accept(aMessage(box, SECRET));
      expect(await read(rotated)).toMatchObject([SECRET, SECRET]);
      expect((await read(bare)).map(({ seal }) => seal)).toEqual(['2026', 'next.year']);
      await rotated.close();
    });

    test('without their key are what they are in the database, and a warning tells of it at the start', async () => {
      await store.accept(aMessage(box, SECRET));
      const said: string[] = [];
      const stop = onLog((_, __, message) => said.push(message));
      const other = await open(second);
      stop();
      expect(await read(other)).toEqual(await read(bare));
      expect(said.join()).toContain('were encrypted with the key "2026", which SILO_BODY_KEY does not have');
      await other.close();
    });

    test.each([
      ['another row', { key: 'e'.repeat(64) }],
      ['a row of another sender', { srcAddr: 'sip:mallory@example.org' }],
      ['a row of another type', { contentType: 'text/html' }],
    ])('can not be read in %s', async (_, change) => {
      await store.accept(aMessage(box, SECRET));
      const [sealed] = await read(bare);
      const moved = { ...sealed!, key: randomBytes(32).toString('hex'), ...change };
      await bare.accept(moved);
      expect(await read(store)).toMatchObject([SECRET, { seal: '2026', body: sealed!.body }]);
    });

    test('that were changed by a bit, or cut, can not be read', async () => {
      await store.accept(aMessage(box, SECRET));
      const [sealed] = await read(bare);
      const changed = Buffer.from(sealed!.body);
      changed[20]! ^= 1;
      for (const body of [changed, sealed!.body.subarray(0, -1), Buffer.alloc(0)]) {
        const other = `${boxes++}@example.org`;
        await bare.accept({ ...sealed!, key: randomBytes(32).toString('hex'), box: other, body });
        expect(await store.waiting(other, 1000, 10)).toMatchObject([{ seal: '2026' }]);
      }
    });

    test('are not encrypted with another key of the same id: the store does not open', async () => {
      await expect(open(aKey('2026'))).rejects.toMatchObject({
        code: 'SILO_CONFIG',
        message: expect.stringContaining('The key "2026" of SILO_BODY_KEY is not the one') as string,
      });
    });

    test('of before there was a key, and those of an older one, get the one that encrypts', async () => {
      const dead = await store.deadLetters('', 0, 100);
      await bare.acceptAll([aMessage(box, SECRET), aMessage(box, { ...SECRET, sendTime: 2000 })]);
      await store.accept(aMessage(box, SECRET));
      await bare.accept(aMessage(box, { ...SECRET, urgent: true }));
      // A dead letter of each kind.
      const waiting = await read(bare);
      const claim = await store.claim(box, 'node', 30);
      if (!('lease' in claim)) throw new Error('the box is held');
      for (const message of waiting.slice(1))
        await store.settle(claim.lease, message, { outcome: 'dead', status: 400, reason: 'no' });
      const rotated = await open(`${second},${first}`);
      const before = [await read(rotated), await rotated.reminders(box, 1000, 10)];
      const done = await encryptStored(rotated, `${second},${first}`);
      expect(done.encrypted).toBeGreaterThanOrEqual(4);
      expect([await read(rotated), await rotated.reminders(box, 1000, 10)]).toEqual(before);
      const bodies = [
        ...(await read(bare)),
        ...(await bare.reminders(box, 1000, 10)),
        ...(await bare.bodiesNotBy('none', 'silo_dead', 0, Number.MAX_SAFE_INTEGER)),
      ].filter((message) => message.box === box);
      expect(bodies).toHaveLength(4);
      for (const { seal, headers, body } of bodies) {
        expect([seal, headers]).toEqual(['next.year', '']);
        expect(body.includes('the')).toBe(false);
      }
      // What the older key is needed for is nothing any more, and a second run finds nothing to do.
      expect(await encryptStored(rotated, `${second},${first}`)).toMatchObject({ encrypted: 0 });
      const alone = await open(second);
      expect(await read(alone)).toMatchObject([SECRET]);
      const letters = (await alone.deadLetters('', 0, 1_000)).slice(dead.length).map(({ id }) => id);
      await alone.replay(letters, 5000);
      expect(await read(alone)).toMatchObject([SECRET, SECRET, SECRET]);
      await alone.close();
      await rotated.close();
    });

    test('whose key is missing stay as they are, and are counted', async () => {
      const third = aKey('third');
      const other = await open(third);
      await other.accept(aMessage(box, SECRET));
      const [message] = await read(bare);
      const { unreadable } = await encryptStored(store, first);
      expect(unreadable).toBeGreaterThanOrEqual(1);
      expect(await read(bare)).toEqual([message]);
      expect(await read(other)).toMatchObject([SECRET]);
      await other.close();
    });

    test('are written only over what was read: one that is gone or has another seal by now stays so', async () => {
      await bare.accept(aMessage(box, SECRET));
      const [message] = await read(bare);
      const body = { ...message!, body: Buffer.from('other'), seal: 'x' };
      expect(await store.reseal('silo', [{ message: body, was: 'y' }])).toBe(0);
      expect(
        await store.reseal('silo', [{ message: { ...body, key: 'e'.repeat(64) }, was: undefined }]),
      ).toBe(0);
      expect(await store.reseal('silo', [{ message: { ...body, id: 999_999 }, was: undefined }])).toBe(0);
      expect(await read(bare)).toEqual([message]);
      expect(await store.reseal('silo', [{ message: body, was: undefined }])).toBe(1);
      expect(await read(bare)).toMatchObject([{ seal: 'x', body: Buffer.from('other') }]);
    });
  });
}
