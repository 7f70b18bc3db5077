/** Phones that give up when they are asked: the operator hears of them. */
import { afterEach, describe, expect, test } from 'vitest';
import type { AuthOptions } from '../../lib/auth/options.ts';
import { onLog } from '../../lib/base/log.ts';
import { asking, challengeOf, credentials, type Asking } from './asking.ts';

let scene: Asking;
let stop: () => void;
const said: string[] = [];
afterEach(async () => {
  stop();
  said.length = 0;
  await scene.close();
});

async function begin(auth: AuthOptions = {}): Promise<void> {
  stop = onLog((_, room, message) => {
    if (room === 'auth') said.push(message);
  });
  scene = await asking({ auth: { mode: 'on', ...auth } });
}
/** What is told a second later of how many more there were is no hint of its own. */
const hints = () => said.filter((line) => /^\S+ was asked .* has never answered/.test(line));

describe('a phone that is asked who it is', () => {
  test('and never answers is told of once in ten minutes, with what to set, and counted', async () => {
    await begin();
    const silent = await scene.phone('bob', { host: '127.0.0.2' });
    for (let nth = 1; nth <= 3; nth++) await silent.register();
    expect(hints()).toEqual([]);
    for (let nth = 1; nth <= 20; nth++) await silent.register();
    expect(hints()).toEqual([
      '127.0.0.2 was asked 4 times who it is, and has never answered: a phone that knows MD5 only may give up when SHA-256 is ' +
        'offered, too; for such phones set SILO_AUTH_ALGORITHMS=md5.',
    ]);
    expect(scene.node.auth.statistics()).toMatchObject({ results: { asked: 23, proved: 0 }, unanswering: 1 });
    scene.time += 600;
    for (let nth = 1; nth <= 3; nth++) await silent.register();
    expect(scene.node.auth.statistics().unanswering).toBe(1);
    await silent.register();
    expect(scene.node.auth.statistics().unanswering).toBe(2);
  });

  test('and answers is nobody to tell of, however often it begins without a password', async () => {
    await begin();
    for (let nth = 1; nth <= 10; nth++) {
      const bob = await scene.owner('bob');
      expect((await bob.register()).status).toBe(200);
    }
    expect(scene.node.auth.statistics()).toMatchObject({
      results: { asked: 10, proved: 10 },
      unanswering: 0,
    });
    expect(hints()).toEqual([]);
  });

  test('is counted by what came of it', async () => {
    await begin();
    const stranger = await scene.phone('bob');
    const challenge = challengeOf(await stranger.register());
    const ask = (headers: Record<string, string>) => stranger.register({ headers });
    await ask(credentials(challenge, { password: 'guessed' }));
    await ask(credentials(challenge, { uri: 'sip:elsewhere.org' }));
    await ask({ Authorization: 'Digest realm="example.org", nonce="old"' });
    await ask(credentials(challenge));
    await ask(credentials(challenge));
    expect(scene.node.auth.statistics().results).toEqual({
      ...{ trusted: 0, proved: 1, asked: 1, stale: 2, wrong: 1, malformed: 1 },
    });
  });

  test('in MD5 alone can know no better', async () => {
    await begin({ algorithms: ['md5'] });
    const silent = await scene.phone('bob');
    for (let nth = 1; nth <= 10; nth++) await silent.register();
    expect(scene.node.auth.statistics().unanswering).toBe(0);
  });
});
