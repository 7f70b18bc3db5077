import { afterEach, describe, expect, test } from 'vitest';
import type { LimitsOptions } from '../../../lib/auth/limits/options.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { Phone, type PhoneOptions } from '../../support/phone.ts';
import type { Sip } from '../../support/sip/message.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function node(limits: LimitsOptions): Promise<TestNode> {
  const started = await startNode({ limits });
  open.push(started);
  return started;
}

async function phone(name: string, server: TestNode['server'], options: Partial<PhoneOptions> = {}) {
  const started = await Phone.start(name, { server, ...options });
  open.push(started);
  return started;
}

/** One after the other. */
async function statuses(asking: readonly (() => Promise<Sip>)[]): Promise<number[]> {
  const all: number[] = [];
  for (const ask of asking) all.push((await ask()).status);
  return all;
}

const times = <T>(count: number, work: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => work(index));
const retryAfter = (answer: Sip) => Number(answer.header('Retry-After'));

describe('a source', () => {
  test('that asks too much gets 503 with the seconds that are left, and a sentence; others are served', async () => {
    const { server, limits } = await node({ sourceRate: 1, sourceBurst: 20 });
    const flooder = await phone('flooder', server, { host: '127.0.0.2' });
    const honest = await phone('honest', server, { host: '127.0.0.3' });
    const early = await statuses(times(10, () => () => flooder.register()));
    expect(new Set(early)).toEqual(new Set([200]));
    const answer = await flooder.register();
    expect(answer.status).toBe(503);
    expect(answer.start).toContain(
      'At most 1 requests a second of one address are served; try again in 1 s.',
    );
    expect(retryAfter(answer)).toBe(1);
    expect((await honest.register()).status).toBe(200);
    expect(limits.statistics().refused).toMatchObject({ source: 1, sender: 0 });
  });

  test.each(['register', 'subscribe', 'publish', 'message', 'options', 'info'])(
    'is limited for %s, too',
    async (method) => {
      const { server } = await node({ sourceRate: 1, sourceBurst: 2 });
      const flooder = await phone('flooder', server);
      const ask = () => flooder.request(method.toUpperCase(), 'sip:bob@example.org', 'bob@example.org', {});
      await ask();
      expect((await ask()).status).toBe(503);
    },
  );
});

describe('a sender', () => {
  test('that names elsewhere in the Request-URI writes to no more recipients for that', async () => {
    const started = await startNode({
      limits: { senderRecipients: 2 },
      silo: { domains: ['example.org'] },
    });
    open.push(started);
    const spammer = await phone('spammer', started.server);
    const uri = 'sip:nobody@elsewhere.org';
    const asked = times(4, (index) => () => spammer.message(`user${index}`, 'buy', { uri }));
    expect(await statuses(asked)).toEqual([202, 202, 480, 480]);
  });

  test('who asks too much gets 480 for a MESSAGE, 500 for all else, each with Retry-After; no other sender does', async () => {
    const { server } = await node({ senderRate: 1, senderBurst: 3 });
    const flooder = await phone('flooder', server);
    const honest = await phone('honest', server);
    await statuses(times(3, (index) => () => flooder.message(`box${index}`, 'hello')));
    const message = await flooder.message('bob', 'hello');
    expect(message.status).toBe(480);
    expect(message.start).toContain('At most 1 requests a second of one sender are served');
    expect(retryAfter(message)).toBe(1);
    const register = await flooder.register();
    expect(register.status).toBe(500);
    expect(retryAfter(register)).toBe(1);
    expect((await honest.message('bob', 'hello')).status).toBe(202);
  });

  test('whose name a stranger writes loses nothing by it', async () => {
    const { server } = await node({ senderRate: 1, senderBurst: 2 });
    const stranger = await phone('alice', server, { host: '127.0.0.2' });
    const alice = await phone('alice', server, { host: '127.0.0.3' });
    expect(await statuses(times(3, () => () => stranger.message('bob', 'hello')))).toEqual([202, 202, 480]);
    expect((await alice.message('bob', 'hello')).status).toBe(202);
  });

  test('may write to so many different addresses a minute, and go on writing to those', async () => {
    const { server } = await node({ senderRecipients: 3 });
    const alice = await phone('alice', server);
    const to = (user: string) => () => alice.message(user, 'hello');
    expect(await statuses(['a', 'b', 'c', 'd', 'a', 'c'].map(to))).toEqual([202, 202, 202, 480, 202, 202]);
    const refused = await alice.message('e', 'hello');
    expect(refused.start).toContain('at most 3 different addresses a minute; try again in 20 s.');
    expect(retryAfter(refused)).toBe(20);
  });

  test('may have so many messages and bytes a minute stored; what is taken live does not count', async () => {
    const { server } = await node({ senderMessages: 2, senderBytes: 1_000 });
    const [alice, carol, dave] = [
      await phone('alice', server),
      await phone('carol', server),
      await phone('dave', server),
    ];
    await dave.register();
    expect(await statuses(times(5, () => () => alice.message('dave', 'live')))).toEqual(times(5, () => 200));
    expect(await statuses(times(3, () => () => alice.message('bob', 'hello')))).toEqual([202, 202, 480]);
    const long = 'x'.repeat(700);
    expect(await statuses(times(2, () => () => carol.message('bob', long)))).toEqual([202, 480]);
    expect((await carol.message('bob', long)).start).toContain(
      'At most 1000 bytes a minute of one sender are stored',
    );
  });

  test('is not charged for a repeat of what is stored already', async () => {
    const { server } = await node({ senderMessages: 2 });
    const alice = await phone('alice', server);
    const same = { callId: 'same', cseq: 1, tag: 'same' };
    const again = () => alice.message('bob', 'hello', same);
    expect(await statuses(times(4, () => again))).toEqual([202, 202, 202, 202]);
    expect((await alice.message('bob', 'another')).status).toBe(202);
    expect((await alice.message('bob', 'a third')).status).toBe(480);
  });
});

describe('a pair and a domain', () => {
  test('a sender who writes to one address too fast may still write to others', async () => {
    const { server } = await node({ pairRate: 1, pairBurst: 2 });
    const alice = await phone('alice', server);
    const to = (user: string) => () => alice.message(user, 'hello');
    expect(await statuses(['bob', 'bob', 'bob', 'carol'].map(to))).toEqual([202, 202, 480, 202]);
  });

  test('a domain that gets too much does not slow another one', async () => {
    const { server } = await node({ domainRate: 1, domainBurst: 2, domainMessages: 2 });
    const alice = await phone('alice', server);
    const to = (aor: string) => () => alice.message(aor, 'hello');
    const aors = ['a@one.example', 'b@one.example', 'c@one.example', 'a@two.example'];
    expect(await statuses(aors.map(to))).toEqual([202, 202, 480, 202]);
  });
});

test('SILO_LIMITS=no serves everybody, and remembers nobody', async () => {
  const { server, limits } = await node({ limits: false, sourceRate: 1, sourceBurst: 1, senderMessages: 1 });
  const alice = await phone('alice', server);
  expect(await statuses(times(20, () => () => alice.message('bob', 'hello')))).toEqual(times(20, () => 202));
  expect(limits.statistics().remembered).toBe(0);
});
