/** Who shares an address with a flooder is told from him by his password, and by nothing that a stranger can write. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Phone } from '../../support/phone.ts';
import type { Sip } from '../../support/sip/message.ts';
import { asking, challengeOf, credentials, type Asking } from '../asking.ts';

/** At once, of one address; strangers may take half. */
const BURST = 20;

let scene: Asking;
let flooder: Phone;
beforeEach(async () => {
  scene = await asking({ limits: { sourceRate: 1, sourceBurst: BURST } });
  flooder = await scene.phone('bob');
});
afterEach(() => scene.close());

const refusedByLimit = () => scene.node.limits.statistics().refused.source;

/** The half of strangers is used up, by what needs no challenge. */
async function flood(): Promise<void> {
  const ask = () => flooder.request('OPTIONS', 'sip:example.org', 'example.org', {});
  for (let nth = 0; nth < BURST; nth++) if ((await ask()).status === 503) return;
  throw new Error('the flooder met no limit');
}

async function statuses(count: number, ask: (nth: number) => Promise<Sip>): Promise<number[]> {
  const all: number[] = [];
  for (let nth = 0; nth < count; nth++) all.push((await ask(nth)).status);
  return all;
}
/** A second later strangers have one more: on a slow machine not all are refused. */
const refused = (all: readonly number[]) => all.filter((status) => status === 503).length;
const each = (count: number, status: number) => Array<number>(count).fill(status);

describe('beside a flooder at the same address', () => {
  test('a phone that was let in before goes on, and one that starts gets a challenge and is let in', async () => {
    const [bob, alice] = [await scene.owner('bob'), await scene.owner('alice')];
    expect((await bob.register()).status).toBe(200);
    await flood();
    expect(await statuses(3, () => bob.register())).toEqual(each(3, 200));
    expect(await statuses(2, () => alice.register())).toEqual(each(2, 200));
    expect((await alice.message('bob', 'we are here')).status).toBe(200);
    expect((await flooder.request('OPTIONS', 'sip:example.org', 'example.org', {})).status).toBe(503);
  });

  test('nobody gets in by credentials that he made up, whatever they look like', async () => {
    const challenge = challengeOf(await flooder.register());
    await flood();
    const invented = challenge.replace(/nonce="(.{10})/, 'nonce="AAAAAAAAAA');
    const made = [
      { Authorization: 'x' },
      { Authorization: 'Digest username="bob", realm="example.org"' },
      credentials(challenge, { password: 'guessed' }),
      credentials(challenge, { username: 'nobody' }),
      credentials(invented),
    ];
    const answers = await statuses(made.length, (nth) => flooder.register({ headers: made[nth] ?? {} }));
    expect(answers).not.toContain(200);
    expect(refused(answers)).toBeGreaterThanOrEqual(4);
    expect(refusedByLimit()).toBe(refused(answers) + 1);
    // The password was right, with this very challenge.
    expect((await flooder.register({ headers: credentials(challenge) })).status).toBe(200);
  });

  test('a request that was recorded uses up nothing of what is for others', async () => {
    const recorded = credentials(challengeOf(await flooder.register()));
    expect((await flooder.register({ headers: recorded })).status).toBe(200);
    await flood();
    const answers = await statuses(BURST, () => flooder.register({ headers: recorded }));
    expect(answers).not.toContain(200);
    expect(refused(answers)).toBeGreaterThan(BURST - 4);
    const bob = await scene.owner('bob');
    expect(await statuses(3, () => bob.register())).toEqual(each(3, 200));
  });

  test('challenges are few for each port, and who has a password has the rest of the burst and no more', async () => {
    const bob = await scene.owner('bob');
    expect((await bob.register()).status).toBe(200);
    await flood();
    const asked = await statuses(20, () => flooder.register());
    expect(asked.slice(0, 10)).toEqual(each(10, 401));
    expect(refused(asked)).toBeGreaterThan(4);
    const served = await statuses(BURST, () => bob.register());
    expect(served.filter((status) => status === 200).length).toBeGreaterThanOrEqual(BURST / 2 - 1);
    expect(served.at(-1)).toBe(503);
  });

  test('names that he makes up are a few queries, and not one for each', async () => {
    const bob = await scene.owner('bob');
    expect((await bob.register()).status).toBe(200);
    const challenge = challengeOf(await flooder.register());
    await flood();
    const before = scene.node.calls.get('subscriber') ?? 0;
    const guess = (nth: number) =>
      flooder.register({ headers: credentials(challenge, { username: `user${nth}`, count: nth + 1 }) });
    expect(refused(await statuses(200, guess))).toBeGreaterThan(180);
    expect((scene.node.calls.get('subscriber') ?? 0) - before).toBeLessThan(100);
    // A user who was here needs none, also with a new challenge.
    const again = await scene.owner('bob');
    expect((await again.register()).status).toBe(200);
    expect((await bob.register()).status).toBe(200);
  });
});

test('where nobody is asked for a password nobody has one: all of an address share the half', async () => {
  await scene.close();
  scene = await asking({ auth: { mode: 'off' }, limits: { sourceRate: 1, sourceBurst: BURST } });
  flooder = await scene.phone('bob');
  const headers = { Authorization: 'Digest username="bob", realm="example.org"' };
  expect(await statuses(11, () => flooder.register({ headers }))).toEqual([...each(10, 200), 503]);
});
