import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identityOf } from '../../lib/auth/identity.ts';
import { ha1Of } from '../../lib/auth/digest/algorithms.ts';
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import type { Phone } from '../support/phone.ts';
import type { Sip } from '../support/sip/message.ts';
import {
  asking,
  challengeOf,
  credentials,
  isStale,
  login,
  paramOf,
  PASSWORD,
  type Asking,
} from './asking.ts';

let scene: Asking;
let stranger: Phone;
beforeAll(async () => {
  scene = await asking({}, [
    subscriberOf('alice@example.org', PASSWORD),
    subscriberOf('bob@example.org', PASSWORD),
    // As other programs write them.
    bare('kamailio', { ha1: ha1Of('MD5', 'kamailio', 'example.org', PASSWORD) }),
    bare('clear', { password: PASSWORD }),
  ]);
  stranger = await scene.phone('bob');
});
afterAll(() => scene.close());

function bare(username: string, over: { ha1?: string; password?: string }) {
  const empty = { ha1: '', ha1b: '', ha1Sha256: '', ha1bSha256: '', password: '' };
  return { username, domain: 'example.org', ...empty, ...over };
}

/** An answer without what differs each time. */
const shape = ({ status, reason, headers }: Sip) => ({
  status,
  reason,
  names: headers.map(([name]) => name),
  challenges: headers
    .filter(([name]) => name === 'WWW-Authenticate')
    .map(([, value]) => value.replace(/nonce="[^"]*"/, '')),
});

describe('a challenge', () => {
  test('has a line for each algorithm, SHA-256 first, with the domain for its realm', async () => {
    const answer = await stranger.register();
    expect(answer.status).toBe(401);
    const nonce = paramOf(challengeOf(answer), 'nonce');
    expect(answer.lines.filter((line) => line.startsWith('WWW-Authenticate'))).toEqual(
      ['SHA-256', 'MD5'].map(
        (algorithm) =>
          `WWW-Authenticate: Digest realm="example.org", nonce="${nonce}", algorithm=${algorithm}, qop="auth"`,
      ),
    );
  });

  test('comes for MESSAGE, SUBSCRIBE and PUBLISH, too, and not for what says nothing of anybody', async () => {
    expect((await stranger.message('alice', 'hello')).status).toBe(401);
    const lamp = await LampPhone.start('bob', { server: scene.node.server });
    expect((await lamp.subscribe()).answer.status).toBe(401);
    expect((await lamp.publish('bob@example.org', undefined)).status).toBe(401);
    lamp.close();
    expect((await stranger.request('OPTIONS', 'sip:example.org', 'example.org', {})).status).toBe(200);
    expect((await stranger.request('INFO', 'sip:bob@example.org', 'bob@example.org', {})).status).toBe(405);
    expect(await scene.node.store.boxes('', 10)).toEqual([]);
  });

  test.each(['SHA-256', 'MD5'] as const)('that is answered with %s lets its user in', async (algorithm) => {
    const bob = await scene.owner('bob', algorithm);
    const alice = await scene.owner('alice', algorithm);
    expect((await bob.register()).status).toBe(200);
    expect((await alice.message('bob', `in ${algorithm}`)).status).toBe(200);
    expect((await bob.received(1)).map(({ text }) => text)).toEqual([`in ${algorithm}`]);
    expect((await bob.unregister()).status).toBe(200);
  });

  test('is good for more than one request, each with a count of its own', async () => {
    const challenge = challengeOf(await stranger.register());
    for (const count of [1, 2, 5, 4])
      expect((await stranger.register({ headers: credentials(challenge, { count }) })).status).toBe(200);
  });

  test('is in the realm of the domain that is asked about', async () => {
    const other = await scene.phone('bob', { domain: 'example.com' });
    expect(paramOf(challengeOf(await other.register()), 'realm')).toBe('example.com');
    const anonymous = { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1' };
    const answer = await stranger.message('alice', 'psst', { headers: anonymous });
    expect(paramOf(challengeOf(answer), 'realm')).toBe('example.org');
  });
});

describe('who is let in', () => {
  test('a phone that sends its user name with the domain, in both algorithms', async () => {
    for (const algorithm of ['SHA-256', 'MD5'] as const) {
      const bob = await scene.phone('bob', { login: login('bob@example.org', PASSWORD, algorithm) });
      expect((await bob.register()).status).toBe(200);
    }
  });

  test('a user whose password another program keeps in the clear', async () => {
    for (const algorithm of ['SHA-256', 'MD5'] as const)
      expect(
        (await (await scene.phone('clear', { login: login('clear', PASSWORD, algorithm) })).register())
          .status,
      ).toBe(200);
  });

  test('a phone that prefers SHA-256 although its user has a digest in MD5 only: it is asked once more', async () => {
    const phone = await scene.owner('kamailio');
    expect((await phone.register()).status).toBe(200);
    const once = await stranger.register({
      headers: credentials(challengeOf(await stranger.register()), { username: 'kamailio' }),
    });
    expect(once.all('WWW-Authenticate')).toHaveLength(1);
    expect(challengeOf(once, 'MD5')).toContain('stale=true');
  });

  test('in-dialog requests are asked as well, and the owner’s lamp goes on', async () => {
    const lamp = await LampPhone.start('bob', { server: scene.node.server, login: login('bob', PASSWORD) });
    const line = await lamp.subscribe();
    expect(line.answer.status).toBe(200);
    await lamp.notified(1);
    expect((await lamp.again(line)).status).toBe(200);
    lamp.phone.login = undefined;
    expect((await lamp.again(line)).status).toBe(401);
    lamp.phone.login = login('bob', PASSWORD);
    expect((await lamp.again(line, { Expires: '0' })).status).toBe(200);
    lamp.close();
  });
});

describe('who is not let in', () => {
  const answered = async (over: object, algorithm = 'MD5') => {
    const challenge = challengeOf(await stranger.register(), algorithm);
    return stranger.register({ headers: credentials(challenge, over) });
  };

  test('a wrong password gets a fresh challenge, and an unknown user the very same answer', async () => {
    const before = await stranger.register();
    const challenge = challengeOf(before, 'MD5');
    const wrong = await stranger.register({ headers: credentials(challenge, { password: 'wrong' }) });
    const unknown = await stranger.register({ headers: credentials(challenge, { username: 'nobody' }) });
    expect(shape(wrong)).toEqual(shape(before));
    expect(shape(unknown)).toEqual(shape(wrong));
    expect(paramOf(challengeOf(wrong), 'nonce')).not.toBe(paramOf(challenge, 'nonce'));
  });

  test('in SHA-256, too, they get the very same answer', async () => {
    const wrong = await answered({ password: 'wrong' }, 'SHA-256');
    expect(shape(await answered({ username: 'nobody' }, 'SHA-256'))).toEqual(shape(wrong));
    expect(shape(await answered({ username: 'kamailio' }, 'SHA-256'))).toEqual(shape(wrong));
  });

  test('a request that was recorded is good once, and the phone that lost its answer is asked anew', async () => {
    const headers = credentials(challengeOf(await stranger.register()));
    expect((await stranger.register({ headers })).status).toBe(200);
    expect(isStale(await stranger.register({ headers }))).toBe(true);
  });

  test('an answer for a realm that was not asked about is none', async () => {
    const challenge = challengeOf(await stranger.register(), 'MD5');
    const foreign = challenge.replace('realm="example.org"', 'realm="example.com"');
    expect(shape(await stranger.register({ headers: credentials(foreign) }))).toEqual(
      shape(await stranger.register()),
    );
  });

  test('an invented nonce is asked anew, whatever it looks like, and nobody is looked up for it', async () => {
    const challenge = challengeOf(await stranger.register());
    const nonce = paramOf(challenge, 'nonce');
    const before = scene.node.calls.get('subscriber');
    for (const invented of [
      'x',
      nonce.slice(1),
      `B${nonce.slice(1)}`,
      `${nonce.slice(0, -1)}${nonce.endsWith('A') ? 'B' : 'A'}`,
    ])
      expect(
        isStale(await stranger.register({ headers: credentials(challenge.replace(nonce, invented)) })),
      ).toBe(true);
    expect(scene.node.calls.get('subscriber')).toBe(before);
  });

  test('a new password is good at once, the old one until then; a new user who has tried before is after five seconds', async () => {
    // With a front end of its own: one drachtio-server would deal the requests out to both.
    const other = await asking({ front: {} }, [subscriberOf('bob@example.org', 'old')]);
    const [old, bob, zoe] = await Promise.all([
      other.phone('bob', { login: login('bob', 'old') }),
      other.phone('bob', { login: login('bob', 'new') }),
      other.phone('zoe', { login: login('zoe', 'new') }),
    ]);
    expect((await old.register()).status).toBe(200);
    expect((await zoe.register()).status).toBe(401);
    for (const user of ['bob', 'zoe'])
      await other.node.store.putSubscriber(subscriberOf(`${user}@example.org`, 'new'));
    expect((await old.register()).status).toBe(200);
    expect((await zoe.register()).status).toBe(401);
    expect((await bob.register()).status).toBe(200);
    expect((await old.register()).status).toBe(401);
    other.time += 5;
    expect((await zoe.register()).status).toBe(200);
    expect((await bob.register()).status).toBe(200);
    await other.close();
  });

  test('a phone that still answers its old server, or begins with empty credentials, is asked', async () => {
    for (const answered of [
      'nonce="5f3a", response="0123456789abcdef0123456789abcdef"',
      'nonce="", response=""',
    ]) {
      const Authorization = `Digest username="bob", realm="example.org", uri="sip:example.org", ${answered}`;
      expect(isStale(await stranger.register({ headers: { Authorization } }))).toBe(true);
    }
  });

  test('an answer for another uri or another method is refused', async () => {
    expect((await answered({ uri: 'sip:example.com' })).status).toBe(400);
    expect((await answered({ uri: 'sip:bob@example.org' })).status).toBe(400);
    expect((await answered({ uri: 'sip:example.org;transport=udp' })).status).toBe(200);
    expect((await answered({ method: 'MESSAGE' })).status).toBe(401);
  });

  test('an algorithm that was not offered is refused with a sentence', async () => {
    const challenge = challengeOf(await stranger.register(), 'MD5');
    const { Authorization } = credentials(challenge);
    const answer = await stranger.register({
      headers: { Authorization: Authorization.replace('algorithm=MD5', 'algorithm=MD5-sess') },
    });
    expect(answer.status).toBe(400);
    expect(answer.reason).toContain('MD5-sess was not offered');
  });

  test('a challenge is good for an hour', async () => {
    const challenge = challengeOf(await stranger.register());
    scene.time += 3_600;
    expect((await stranger.register({ headers: credentials(challenge) })).status).toBe(200);
    scene.time += 1;
    expect(isStale(await stranger.register({ headers: credentials(challenge, { count: 2 }) }))).toBe(true);
  });
});

test('the identity is on the request, whatever From says, and who may not write as it says gets no further', async () => {
  const seen: unknown[] = [];
  const other = await asking({
    front: {},
    chain: ({ srf, port }) =>
      ['register', 'options', 'message'].forEach((method) =>
        srf.use(
          method,
          port.middleware('look', (req, res) => {
            seen.push(identityOf(req));
            port.respond(res, 200);
          }),
        ),
      ),
  });
  const bob = await other.phone('bob', { login: login('bob', PASSWORD) });
  await bob.register();
  await bob.request('OPTIONS', 'sip:example.org', 'example.org', {});
  await bob.message('carol', 'as nobody', { headers: { From: '<sip:anonymous@anonymous.invalid>;tag=1' } });
  const forged = await bob.message('carol', 'as alice', {
    headers: { From: '<sip:alice@example.org>;tag=1' },
  });
  expect(forged.status).toBe(403);
  const proved = { kind: 'digest', aor: 'bob@example.org' };
  expect(seen).toEqual([proved, undefined, proved]);
  await other.close();
});
