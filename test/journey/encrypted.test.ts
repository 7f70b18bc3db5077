/** Bodies that are encrypted in the store: nobody notices, until the key is gone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import { aKey } from '../stores/contract/body-keys.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { Phone } from '../support/phone.ts';
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
});
