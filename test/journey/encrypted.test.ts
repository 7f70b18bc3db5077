/** Bodies that are encrypted in the store: nobody notices, until the key is gone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encryptStored } from '../../lib/stores/encrypt.ts';
import { openStore } from '../../lib/stores/open.ts';
import { aKey } from '../stores/contract/body-keys.ts';
import { aMessage } from '../stores/contract/messages.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { Phone } from '../support/phone.ts';
import { startProcess } from '../support/process.ts';
import { nothingMore } from '../support/sentinel.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

describe('an application with a key for bodies', () => {
  let folder: TemporaryFolder;
  let app: RunningApp;
  let url: string;
  const key = aKey('2026');
  beforeAll(() => {
    folder = temporaryFolder('silo-encrypted');
    url = `sqlite:${join(folder.path, 'silo.db')}`;
  });
  afterAll(() => folder.remove());

  const start = async (env: Record<string, string>) => {
    app = await startApp({ SILO_STORE: url, ...env });
    return {
      alice: await Phone.start('alice', { server: app.server }),
      bob: await Phone.start('bob', { server: app.server }),
    };
  };
  const stop = async ({ alice, bob }: { alice: Phone; bob: Phone }) => {
    await app.process.stop();
    alice.close();
    bob.close();
  };

  test('delivers what it has stored, and a file of the store tells nothing', async () => {
    const phones = await start({ SILO_BODY_KEY: key });
    const { alice, bob } = phones;
    await alice.message('bob', 'open sesame');
    await app.process.stop();
    expect(readFileSync(join(folder.path, 'silo.db')).includes('sesame')).toBe(false);
    alice.close();
    bob.close();
    const again = await start({ SILO_BODY_KEY: key });
    await again.bob.register({ expires: 600 });
    await again.bob.received(1);
    expect(again.bob.texts).toEqual(['open sesame']);
    await stop(again);
  });

  test('without the key sends nothing of it, goes on behind it, and keeps it until the key is back', async () => {
    const before = await start({ SILO_BODY_KEY: key });
    await before.alice.message('bob', 'sealed');
    await stop(before);

    const without = await start({});
    expect(app.process.stderr).toContain(
      'were encrypted with the key "2026", which SILO_BODY_KEY does not have',
    );
    await without.alice.message('bob', 'plain');
    await without.bob.register({ expires: 600 });
    await without.bob.received(1);
    await nothingMore(without.bob);
    expect(without.bob.texts).toEqual(['plain']);
    await until(() =>
      expect(app.process.stderr).toContain('is encrypted with the key "2026", and can\'t be read'),
    );
    await stop(without);

    const store = await openStore(url, { bodyKey: key });
    const dead = await store.deadLetters('', 0, 10);
    expect(dead).toMatchObject([{ reason: 'It can\'t be decrypted with the key "2026"' }]);
    await store.replay(
      dead.map(({ id }) => id),
      Math.floor(Date.now() / 1000) + 600,
    );
    await store.close();
    const back = await start({ SILO_BODY_KEY: key });
    await back.bob.register({ expires: 600 });
    await back.bob.received(1);
    expect(back.bob.texts).toEqual(['sealed']);
    await stop(back);
  });

  test('what was stored in the clear is encrypted beside a running application, which goes on delivering', async () => {
    const before = await start({});
    for (const text of ['left open', 'by mistake']) await before.alice.message('bob', text);
    await before.alice.message('carol', 'left open, too');
    await stop(before);
    const phones = await start({ SILO_BODY_KEY: key });
    const encrypt = async (env: Record<string, string>) => {
      const running = await startProcess(process.execPath, ['dist/app.js', 'encrypt'], {
        env: { SILO_STORE: url, ...env },
      });
      return { ...(await running.exited), stdout: running.stdout, stderr: running.stderr };
    };
    expect(await encrypt({})).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('There is no key to encrypt with: set SILO_BODY_KEY') as string,
    });
    expect(await encrypt({ SILO_BODY_KEY: key })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 bodies were encrypted in sqlite:') as string,
    });
    expect((await encrypt({ SILO_BODY_KEY: key })).stdout).toContain('0 bodies were encrypted');
    await phones.bob.register({ expires: 600 });
    await phones.bob.received(2);
    expect(phones.bob.texts).toEqual(['left open', 'by mistake']);
    await stop(phones);
    const file = new DatabaseSync(join(folder.path, 'silo.db'));
    file.exec('vacuum');
    file.close();
    expect(readFileSync(join(folder.path, 'silo.db')).includes('left open')).toBe(false);
  });

  test('one that is stopped leaves all readable, and the next one does the rest', async () => {
    const store = await openStore('sqlite::memory:', { bodyKey: key, now: () => 1_000 });
    const text = (body: string) => ({ ...aMessage('dave@example.org'), body: Buffer.from(body) });
    const plain = Array.from({ length: 1_200 }, (_, nth) => ({ ...text(`plain ${nth}`), id: 0 }));
    await store.acceptAll(plain);
    await encryptStored(store, key);
    // In the clear again, as an earlier version would have left them.
    const ids = await store.bodyIds('silo', 0, 2_000);
    const sealed = await store.bodiesNotBy('none', 'silo', 0, ids.at(-1) ?? 0);
    await store.reseal(
      'silo',
      sealed.map(({ id, key: name }, nth) => ({
        message: { id, key: name, body: Buffer.from(`plain ${nth}`), headers: '', seal: undefined },
        was: '2026',
      })),
    );
    let batches = 0;
    const half = await encryptStored(store, key, { stopped: () => batches > 0, onProgress: () => batches++ });
    expect(half.encrypted).toBe(500);
    expect((await encryptStored(store, key)).encrypted).toBe(700);
    const waiting = await store.waiting('dave@example.org', 1_000, 2_000);
    expect(waiting.map(({ body }) => body.toString())).toEqual(plain.map(({ body }) => body.toString()));
    await store.close();
  });
});
