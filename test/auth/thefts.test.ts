/** What a thief would like to do: each fails for the thief, and works for the owner. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import { aScene, type Scene } from '../support/scene.ts';
import type { TestNodeOptions } from '../support/node.ts';
import { until } from '../support/until.ts';
import { identified, provedTo } from './identified.ts';

const BOB = 'bob@example.org';
const EVE = 'eve@example.org';
const DOMAINS = { silo: { domains: ['example.org'] }, registrar: { domains: ['example.org'] } };

let scene: Scene;
afterEach(() => scene.close());

async function begin(options: TestNodeOptions): Promise<{ bob: Phone; eve: Phone }> {
  scene = await aScene(options);
  return { bob: await scene.phone('bob'), eve: await scene.phone('eve') };
}

/** A request of this phone with another's address in From and To. */
function as(aor: string) {
  return { From: `<sip:${aor}>;tag=1`, To: `<sip:${aor}>` };
}

async function leaveFor(to: string, text: string): Promise<void> {
  const alice = await scene.phone('alice');
  const answer = await alice.message(to, text, { headers: provedTo('alice@example.org') });
  expect(answer.status).toBe(202);
}

function subscribe(phone: Phone, mailbox: string, headers: Readonly<Record<string, string>>) {
  return phone.request('SUBSCRIBE', `sip:${mailbox}`, mailbox, {
    Contact: phone.contact,
    Event: 'message-summary',
    Expires: '60',
    ...headers,
  });
}

function publish(phone: Phone, mailbox: string, headers: Readonly<Record<string, string>>) {
  const body = Buffer.from('Messages-Waiting: yes\r\nVoice-Message: 9/0\r\n');
  const type = 'application/simple-message-summary';
  return phone.request(
    'PUBLISH',
    `sip:${mailbox}`,
    mailbox,
    { Event: 'message-summary', 'Content-Type': type, ...headers },
    body,
  );
}

describe.each(['proved', 'asserted'] as const)('where an identity is %s, nobody', (how) => {
  const byHop = how === 'asserted';
  /** What says who this is: a password of its own, or the trusted hop. */
  const who = (aor: string): Readonly<Record<string, string>> =>
    byHop ? { 'P-Asserted-Identity': `<sip:${aor}>` } : provedTo(aor);
  let bob: Phone;
  let eve: Phone;
  beforeEach(async () => {
    const trust = byHop ? { trust: ['127.0.0.1/32'] } : {};
    // The hop is a publisher's network, too: behind it the identity decides.
    ({ bob, eve } = await begin({ ...DOMAINS, ...identified(trust) }));
  });

  async function leave(text: string): Promise<void> {
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', text, { headers: who(alice.aor) })).status).toBe(202);
  }

  test('registers as somebody else and gets his mail', async () => {
    await leave('for bob alone');
    const stolen = await eve.register({ headers: { ...as(BOB), ...who(EVE) } });
    expect(stolen.status).toBe(403);
    expect(stolen.start).toContain(`You are ${EVE} and may register yourself, not ${BOB}`);
    await eve.heard();
    expect(await scene.node.registrar.find(BOB)).toEqual([]);
    expect(eve.messages).toEqual([]);
    expect((await bob.register({ headers: who(BOB) })).status).toBe(200);
    await bob.received(1);
    expect(bob.texts).toEqual(['for bob alone']);
  });

  test.each([
    ['all of them', '*'],
    ['one of them', undefined],
  ])('removes the devices of somebody else, %s', async (_, contact = bob.contact) => {
    await bob.register({ headers: who(BOB) });
    const removal = { contact, expires: 0, callId: 'x', cseq: 9 };
    expect((await eve.register({ ...removal, headers: { ...as(BOB), ...who(EVE) } })).status).toBe(403);
    expect(await scene.node.registrar.find(BOB)).toHaveLength(1);
    expect((await bob.register({ ...removal, headers: who(BOB) })).status).toBe(200);
    expect(await scene.node.registrar.find(BOB)).toHaveLength(0);
  });

  test('is told the devices of somebody else', async () => {
    await bob.register({ headers: who(BOB) });
    const asked = await eve.register({ contact: '', headers: { ...as(BOB), ...who(EVE) } });
    expect([asked.status, asked.all('Contact')]).toEqual([403, []]);
    expect((await bob.register({ contact: '', headers: who(BOB) })).header('Contact')).toContain(bob.contact);
  });

  test('watches the lamp of somebody else', async () => {
    await leave('one');
    const watched = await subscribe(eve, BOB, { From: `<sip:${BOB}>;tag=1`, ...who(EVE) });
    expect(watched.status).toBe(403);
    expect(watched.start).toContain(`${BOB} is not yours to watch`);
    expect((await subscribe(bob, BOB, who(BOB))).status).toBe(200);
    await until(() => expect(bob.requests.at(-1)?.text).toContain('Pager-Message: 1/0'));
    expect(eve.requests).toEqual([]);
  });

  test('sets the lamp of somebody else, nor his own', async () => {
    for (const mailbox of [BOB, EVE]) {
      const headers = byHop ? who(EVE) : { ...who(EVE), Via: twoVias() };
      const set = await publish(eve, mailbox, headers);
      expect([set.status, set.start]).toEqual([403, expect.stringContaining('SILO_MWI_PUBLISHERS')]);
    }
  });

  test('writes as somebody else, but may as anonymous', async () => {
    const forged = await eve.message('bob', 'from alice', {
      headers: { From: '<sip:alice@example.org>;tag=1', ...who(EVE) },
    });
    expect(forged.status).toBe(403);
    expect(forged.start).toContain(`You are ${EVE} and may write as that`);
    const headers = { From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=2', ...who(EVE) };
    expect((await eve.message('bob', 'guess who', { headers: { ...headers, Privacy: 'id' } })).status).toBe(
      202,
    );
    await bob.register({ headers: who(BOB) });
    const [only] = await bob.received(1);
    expect(only?.header('From')).toContain('anonymous@anonymous.invalid');
    expect(only?.header('P-Asserted-Identity')).toBe('');
    expect(bob.texts).toEqual(['guess who']);
  });
});

/** As behind a proxy that is not trusted. */
function twoVias(): string {
  return 'SIP/2.0/UDP 127.0.0.1:5999;branch=z9hG4bKp;rport, SIP/2.0/UDP 203.0.113.9;branch=z9hG4bKe';
}

describe('who is no trusted hop', () => {
  const FORGED = {
    'P-Asserted-Identity': '<sip:boss@example.org>',
    'Remote-Party-ID': '<sip:boss@example.org>;privacy=off',
    'P-Asserted-Service': 'urn:urn-7:3gpp-service.ims.icsi.mmtel',
    'X-Kept': 'yes',
  };

  test.each(['stored', 'live'])('forges no identity in a message that is %s', async (way) => {
    const { bob, eve } = await begin(identified());
    if (way === 'live') await bob.register({ headers: provedTo(BOB) });
    const answer = await eve.message('bob', 'do as I say', { headers: { ...FORGED, ...provedTo(EVE) } });
    expect(answer.status).toBe(way === 'live' ? 200 : 202);
    if (way === 'stored') await bob.register({ headers: provedTo(BOB) });
    const [message] = await bob.received(1);
    expect(message?.header('X-Kept')).toBe('yes');
    for (const name of Object.keys(FORGED).filter((name) => name !== 'X-Kept'))
      expect(message?.header(name), name).toBe('');
  });

  test('but what a trusted hop says is handed on', async () => {
    const { bob, eve } = await begin(identified({ trust: ['127.0.0.1/32'] }));
    const headers = { ...FORGED, 'P-Asserted-Identity': `<sip:${EVE}>` };
    expect((await eve.message('bob', 'hello', { headers })).status).toBe(202);
    await bob.register();
    const [message] = await bob.received(1);
    expect(message?.header('P-Asserted-Identity')).toBe(`<sip:${EVE}>`);
    expect(message?.header('Remote-Party-ID')).toBe(FORGED['Remote-Party-ID']);
  });

  test('has nothing relayed to where a Path leads', async () => {
    const { bob, eve } = await begin(identified());
    await leaveFor('eve', 'to a third party');
    const Path = `<sip:${bob.contact.split('@')[1]?.replace('>', '')};lr>`;
    const relayed = await eve.register({ headers: { Path, Supported: 'path', ...provedTo(EVE) } });
    expect(relayed.status).toBe(403);
    expect(relayed.start).toContain(
      'Path is followed only from proxies that SILO_TRUST names, and 127.0.0.1 is none',
    );
    await eve.register({ headers: provedTo(EVE) });
    await eve.received(1);
    expect(bob.requests).toEqual([]);
  });

  test('has no NOTIFY sent to where a Record-Route leads', async () => {
    const { bob, eve } = await begin(identified());
    const route = `<sip:${bob.contact.split('@')[1]?.replace('>', '')};lr>`;
    const routed = await subscribe(eve, EVE, { 'Record-Route': route, ...provedTo(EVE) });
    expect([routed.status, routed.start]).toEqual([
      403,
      expect.stringContaining('Record-Route is followed only'),
    ]);
    expect((await subscribe(eve, EVE, provedTo(EVE))).status).toBe(200);
    await until(() => eve.requests.length > 0);
    expect(bob.requests).toEqual([]);
  });

  test('registers nobody as a third party, but a trusted hop does', async () => {
    const third = { From: `<sip:${EVE}>;tag=1`, To: `<sip:${BOB}>` };
    const { eve } = await begin(identified());
    const refused = await eve.register({ headers: { ...third, ...provedTo(EVE) } });
    expect([refused.status, refused.start]).toEqual([
      403,
      expect.stringContaining('a third party may only through'),
    ]);
    await scene.close();
    const { eve: proxy } = await begin(identified({ trust: ['127.0.0.1/32'] }));
    const Path = `<${proxy.contact.slice(1, -1)};lr>`;
    expect((await proxy.register({ headers: { ...third, Path } })).status).toBe(200);
    expect(await scene.node.registrar.find(BOB)).toHaveLength(1);
  });
});

describe('with SILO_TRUST and no users', () => {
  test.each([
    ['asked for a password that nobody has', 'auto', 401, 'Unauthorized'],
    ['refused where nobody is asked for one', 'off', 403, 'Only proxies that SILO_TRUST names'],
  ] as const)('strangers are %s, and the hop is served', async (_, mode, status, reason) => {
    const { bob } = await begin({ ...DOMAINS, auth: { mode }, trust: { trust: ['127.0.0.1/32'] } });
    const stranger = await scene.phone('bob', { host: '127.0.0.2' });
    const body = 'Messages-Waiting: yes\r\n';
    const type = { Event: 'message-summary', 'Content-Type': 'application/simple-message-summary' };
    for (const answer of [
      await stranger.register(),
      await stranger.message('alice', 'hello'),
      await subscribe(stranger, BOB, {}),
      await subscribe(stranger, BOB, { 'P-Asserted-Identity': `<sip:${BOB}>` }),
    ])
      expect([answer.status, answer.start]).toEqual([status, expect.stringContaining(reason)]);
    expect((await bob.register()).status).toBe(200);
    expect((await bob.message('alice', 'hello')).status).toBe(202);
    expect((await subscribe(bob, BOB, {})).status).toBe(200);
    // Beside a proxy nobody publishes for being on this machine: it may relay whom it likes.
    for (const host of ['127.0.0.1', '127.0.0.3']) {
      const local = await scene.phone('voicemail', { host });
      const answer = await local.request('PUBLISH', `sip:${BOB}`, BOB, type, Buffer.from(body));
      expect(answer.status).toBe(host === '127.0.0.1' ? 403 : status);
    }
  });
});

describe('lamps that are shared', () => {
  const SALES = 'sales@example.org';
  test('are watched by whom SILO_MWI_WATCHERS names, and by nobody else', async () => {
    const { bob, eve } = await begin({
      mwi: { watchers: [`${BOB}>${SALES}`], aliases: ['*97'] },
      ...identified(),
    });
    expect((await subscribe(bob, SALES, provedTo(BOB))).status).toBe(200);
    expect((await subscribe(eve, SALES, provedTo(EVE))).status).toBe(403);
    // An alias is the own mailbox of whoever proved who it is, whatever From says.
    const Event = { From: `<sip:${BOB}>;tag=7`, ...provedTo(EVE) };
    expect((await subscribe(eve, '*97@example.org', Event)).status).toBe(200);
    await until(() => eve.requests.length > 0);
    expect(eve.requests.at(-1)?.header('From')).toContain('*97@example.org');
    await leaveFor('eve', 'mine');
    await until(() => expect(eve.requests.at(-1)?.text).toContain('Pager-Message: 1/0'));
  });

  test('are set by whom SILO_MWI_PUBLISHERS names', async () => {
    const { bob, eve } = await begin({ mwi: { publishers: [BOB] }, ...identified() });
    expect((await publish(eve, SALES, provedTo(EVE))).status).toBe(403);
    expect((await publish(eve, SALES, {})).status).toBe(403);
    expect((await publish(bob, SALES, provedTo(BOB))).status).toBe(200);
  });
});

describe('a program on this machine sets lamps without a password', () => {
  const beyond = { front: { listen: '127.0.0.1:0,0.0.0.0:0' }, silo: { domains: ['example.org'] } };
  test.each([
    ['while nobody else reaches the server', {}, 200],
    ['also where passwords are asked for', { auth: { mode: 'on' } }, 200],
    ['not where strangers reach the server', { ...beyond, auth: { mode: 'on' } }, 401],
    ['not beside a proxy that is trusted', { trust: { trust: ['192.0.2.1/32'] } }, 401],
    [
      'where its network is named',
      { ...beyond, auth: { mode: 'on' }, mwi: { publishers: ['127.0.0.0/8'] } },
      200,
    ],
  ] as const)('%s', async (_, options, status) => {
    const { eve } = await begin(options);
    expect((await publish(eve, BOB, {})).status).toBe(status);
  });
});

test('where strangers can reach it, nobody stores for the domains of others', async () => {
  const front = { listen: '127.0.0.1:0,0.0.0.0:0' };
  const { bob, eve } = await begin({ front, trust: { trust: ['127.0.0.1/32'] } });
  const here = await scene.phone('bob', { domain: '127.0.0.1' });
  const to = { uri: 'sip:bob@127.0.0.1:5060' };
  for (const answer of [
    await eve.message('bob', 'keep this for me'),
    await eve.message('bob', 'keep this for me', to),
    await bob.register(),
  ])
    expect([answer.status, answer.start]).toEqual([404, expect.stringContaining('SILO_DOMAINS names those')]);
  // Nor does a program of its own, and it hears the same.
  const asked = scene.node.silo.submit({ from: 'shop@127.0.0.1', to: 'bob@example.org', body: 'keep this' });
  await expect(asked).rejects.toMatchObject({
    ...{ status: 404, message: expect.stringContaining('SILO_DOMAINS names those') as string },
  });
  expect((await subscribe(bob, BOB, {})).status).toBe(404);
  expect((await eve.message('bob@127.0.0.1', 'for here')).status).toBe(202);
  expect((await subscribe(here, here.aor, {})).status).toBe(200);
  expect((await here.register()).status).toBe(200);
  await here.received(1);
});
