/** PUBLISH as RFC 3903 wants it: the results that Kamailio's presence gets wrong, case by case, over real sockets. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MwiOptions } from '../../../lib/mwi/request/options.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { LampPhone, TYPE, voice } from '../../support/lamp-phone.ts';

let node: TestNode;
let bob: LampPhone;
let voicemail: LampPhone;
let time = 0;
const mailbox = 'bob@example.org';

async function start(mwi: MwiOptions = {}): Promise<void> {
  time = Math.floor(Date.now() / 1000);
  node = await startNode({ now: () => time, mwi: { notifyInterval: 0, ...mwi } });
  bob = await LampPhone.start('bob', { server: node.server });
  voicemail = await LampPhone.start('voicemail', { server: node.server });
}
beforeEach(() => start());
afterEach(async () => {
  bob.close();
  voicemail.close();
  await node.close();
});

async function restart(mwi: MwiOptions): Promise<void> {
  bob.close();
  voicemail.close();
  await node.close();
  await start(mwi);
}

/** A watcher that has had its first NOTIFY. */
async function watching(): Promise<void> {
  await bob.subscribe();
  await bob.notified(1);
}
const stored = async () => (await node.store.mailboxStates([mailbox], time))[0]!.publications;
/** Nothing has been told but this: the next change is the next NOTIFY. */
async function toldNothingMore(): Promise<void> {
  const before = bob.notifies.length;
  await voicemail.publish(mailbox, voice(99), { From: '<sip:sentinel@example.org>;tag=1' });
  await bob.sees(({ text }) => /Voice-Message: (?:99|100)\/0/.test(text));
  expect(bob.notifies).toHaveLength(before + 1);
}

describe('an initial PUBLISH', () => {
  test('with a good body: 200 with Expires and entity-tag, stored, told', async () => {
    await watching();
    const answer = await voicemail.publish(mailbox, voice(2, 1), { Contact: '<sip:vm@127.0.0.1>' });
    expect([answer.status, answer.header('Expires')]).toEqual([200, '600']);
    expect(answer.header('SIP-ETag')).toMatch(/^[0-9a-f]{32}$/);
    expect(answer.header('Record-Route') + answer.header('Contact')).toBe('');
    expect(await stored()).toHaveLength(1);
    await bob.notified(2);
    expect(bob.texts[1]).toBe('Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)\r\n');
  });

  test('with a body that cannot be read: 400 with the reason, nothing stored, nothing told', async () => {
    await watching();
    const answer = await voicemail.publish(mailbox, 'Messages-Waiting: perhaps\r\n');
    expect(answer.status).toBe(400);
    expect(answer.start).toContain('line 1, column 19');
    expect(await stored()).toEqual([]);
    expect(bob.notifies).toHaveLength(1);
    await toldNothingMore();
  });

  test('with a line that cannot be read: 200, the state and the other counts are told, the host app hears of it', async () => {
    const heard: unknown[] = [];
    node.mwi.events.on('mended', (event) => heard.push(event));
    await watching();
    const body = 'Messages-Waiting: yes\r\nMessage-Account: jon@example.com\r\nVoice-Message: 2/1 (1/1)\r\n';
    expect((await voicemail.publish(mailbox, body)).status).toBe(200);
    await bob.notified(2);
    expect(bob.texts[1]).toBe('Messages-Waiting: yes\r\nVoice-Message: 2/1 (1/1)\r\n');
    const repairs = [expect.stringMatching(/^line 2: left out, for a SIP, SIPS or other absolute URI/)];
    expect(heard).toEqual([{ mailbox, publisher: 'voicemail@example.org', repairs }]);
  });

  test.each([
    ['Message-Account:', ''],
    ['Message-Account: "Voice Mail" <sip:555@as.example.com>', 'Message-Account: sip:555@as.example.com\r\n'],
    ['Message-Account: sip:j\xf6n@example.com', ''],
    ['Hologram-Message: many', ''],
    ['Fax-Message: 2/1/0', ''],
    ['Fax-Message:\t-1/0\t', ''],
    ['Messages-Waiting: yes', ''],
    ['Fax-Message: 1/0 (2/0)', 'Fax-Message: 1/0 (1/0)\r\n'],
  ])('with the line %j in Latin-1: the lamp is lit', async (line, told) => {
    await watching();
    const body = `Messages-Waiting: yes\n${line}\nVoice-Message: 2/1 (0/0) \n\nSubject: f\xfcr dich\nno header\n`;
    expect((await voicemail.publish(mailbox, Buffer.from(body, 'latin1'))).status).toBe(200);
    await bob.notified(2);
    const [account, fax] = told.startsWith('Fax') ? ['', told] : [told, ''];
    expect(bob.texts[1]).toBe(`Messages-Waiting: yes\r\n${account}Voice-Message: 2/1 (0/0)\r\n${fax}`);
  });

  test('that says both yes and no: 400, for a lamp must not lie', async () => {
    const answer = await voicemail.publish(mailbox, 'Messages-Waiting: yes\r\nMessages-Waiting: no\r\n');
    expect(answer.status).toBe(400);
    expect(answer.start).toContain('line 2');
  });

  test('strictly read, with an account without scheme: 400', async () => {
    await restart({ bodies: 'strict' });
    const body = 'Messages-Waiting: yes\r\nMessage-Account: jon@example.com\r\n';
    expect((await voicemail.publish(mailbox, body)).status).toBe(400);
  });

  test('with another type: 415 with Accept, nothing stored', async () => {
    const answer = await voicemail.publish(mailbox, voice(1), { 'Content-Type': 'text/plain' });
    expect([answer.status, answer.header('Accept')]).toEqual([415, TYPE]);
    expect((await voicemail.publish(mailbox, voice(1), { 'Content-Type': null })).status).toBe(415);
    expect(await stored()).toEqual([]);
  });

  test('with a content encoding: 415 with Accept-Encoding', async () => {
    const answer = await voicemail.publish(mailbox, voice(1), { 'Content-Encoding': 'gzip' });
    expect([answer.status, answer.header('Accept-Encoding')]).toEqual([415, 'identity']);
    expect((await voicemail.publish(mailbox, voice(1), { 'Content-Encoding': 'identity' })).status).toBe(200);
  });

  test('with Expires: 0: processed, not stored, nothing told', async () => {
    await watching();
    const answer = await voicemail.publish(mailbox, voice(1), { Expires: '0' });
    expect([answer.status, answer.header('Expires')]).toEqual([200, '0']);
    expect(answer.header('SIP-ETag')).not.toBe('');
    expect(await stored()).toEqual([]);
    expect(bob.notifies).toHaveLength(1);
    await toldNothingMore();
  });

  test('without a body: 400', async () => {
    expect((await voicemail.publish(mailbox, undefined)).status).toBe(400);
    expect((await voicemail.publish(mailbox, undefined, { Expires: '0' })).status).toBe(400);
  });

  test('without Content-Length: the body reaches to the end of the datagram', async () => {
    expect((await voicemail.publish(mailbox, voice(3), {}, null)).status).toBe(200);
    expect((await stored())[0]!.body).toContain('Voice-Message: 3/0');
  });

  test('with too large a body: 413', async () => {
    const body = voice(1) + '\r\nSubject: x\r\n'.repeat(300);
    expect((await voicemail.publish(mailbox, body)).status).toBe(413);
  });

  test('with bytes that are no text: 415', async () => {
    expect((await voicemail.publish(mailbox, Buffer.from([0xff, 0xfe, 0x80]))).status).toBe(415);
  });

  test.each([
    [null, '3600'],
    ['1000000', '86400'],
    ['60', '60'],
  ])('with Expires %s: granted %s', async (asked, granted) => {
    expect((await voicemail.publish(mailbox, voice(1), { Expires: asked })).header('Expires')).toBe(granted);
  });

  test('with too short a time: 423 with Min-Expires', async () => {
    const answer = await voicemail.publish(mailbox, voice(1), { Expires: '59' });
    expect([answer.status, answer.header('Min-Expires')]).toEqual([423, '60']);
  });

  test('with Expires that is no number: 400', async () => {
    expect((await voicemail.publish(mailbox, voice(1), { Expires: 'x' })).status).toBe(400);
  });

  test.each([
    ['message-summary;id=1', 200],
    ['message-summary;foo=bar', 200],
    ['presence', 489],
    [null, 489],
  ])('with Event: %s gets %i', async (Event, status) => {
    const answer = await voicemail.publish(mailbox, voice(1), { Event });
    expect(answer.status).toBe(status);
    if (status === 489) expect(answer.header('Allow-Events')).toBe('message-summary');
  });

  test('that requires an extension: 420', async () => {
    expect((await voicemail.publish(mailbox, voice(1), { Require: 'x' })).status).toBe(420);
  });
});

describe('with an entity-tag', () => {
  let tag = '';
  beforeEach(async () => {
    await watching();
    tag = (await voicemail.publish(mailbox, voice(1))).header('SIP-ETag');
    await bob.notified(2);
  });
  const again = (body: string | undefined, expires = '600', match = tag) =>
    voicemail.publish(mailbox, body, { 'SIP-If-Match': match, Expires: expires });

  test('a refresh: 200 with a new tag, the body stays, nothing is told', async () => {
    time += 300;
    const answer = await again(undefined, '900');
    expect([answer.status, answer.header('Expires')]).toEqual([200, '900']);
    expect(answer.header('SIP-ETag')).not.toBe(tag);
    expect((await stored())[0]).toMatchObject({ expires: time + 900 });
    expect((await stored())[0]!.body).toContain('Voice-Message: 1/0');
    expect(bob.notifies).toHaveLength(2);
    await toldNothingMore();
  });

  test('a modification: 200 with a new tag, the row replaced, the new state told', async () => {
    const answer = await again(voice(7));
    expect(answer.status).toBe(200);
    expect(answer.header('SIP-ETag')).not.toBe(tag);
    await bob.sees((notify) => notify.body.includes('Voice-Message: 7/0'));
    expect(await stored()).toHaveLength(1);
  });

  test('a removal: 200, the row gone, the state of what is left is told', async () => {
    const fax = await LampPhone.start('fax', { server: node.server });
    await fax.publish(mailbox, 'Messages-Waiting: yes\r\nFax-Message: 3/0\r\n');
    await bob.notified(3);
    expect((await again(undefined, '0')).status).toBe(200);
    await bob.notified(4);
    expect(bob.texts[3]).toBe('Messages-Waiting: yes\r\nFax-Message: 3/0 (0/0)\r\n');
    fax.close();
  });

  test('the last removal tells the neutral state, never an empty body', async () => {
    await again(undefined, '0');
    await bob.notified(3);
    expect(bob.texts[2]).toBe('Messages-Waiting: no\r\n');
  });

  test('a removal with a body: 200, the row gone, the body is not what is told', async () => {
    expect((await again(voice(9), '0')).status).toBe(200);
    await bob.notified(3);
    expect(await stored()).toEqual([]);
    expect(bob.texts[2]).toBe('Messages-Waiting: no\r\n');
  });

  test.each([
    ['that nobody has, well-formed', 'a.1624.7.3.4', 412],
    ['that nobody has, of another form', 'nonsense', 412],
    ['that is a star', '*', 412],
    ['of which there are two', 'one, two', 400],
    ['that is no token', 'a b', 400],
  ])('one %s: %s gets %i', async (_, match, status) => {
    expect((await again(voice(2), '600', match)).status).toBe(status);
    expect((await stored())[0]!.body).toContain('Voice-Message: 1/0');
  });

  test('a used one, one of another mailbox and one after its time: 412', async () => {
    await again(undefined);
    expect((await again(undefined)).status).toBe(412);
    const other = await voicemail.publish('carol@example.org', voice(1));
    expect((await again(undefined, '600', other.header('SIP-ETag'))).status).toBe(412);
    const brief = (await voicemail.publish(mailbox, voice(1), { Expires: '60' })).header('SIP-ETag');
    time += 60;
    expect((await again(undefined, '600', brief)).status).toBe(412);
  });

  test('expiry: the row goes, and the state of what is left is told within two seconds', async () => {
    time += 600;
    await bob.sees((notify) => notify.text === 'Messages-Waiting: no\r\n' && notify !== bob.notifies[0]);
    expect(await stored()).toEqual([]);
  });

  test('tags are random, new at each success, never the same twice', async () => {
    const tags = new Set([tag]);
    for (let round = 0; round < 50; round++) {
      tag = (await again(round % 2 ? undefined : voice(round))).header('SIP-ETag');
      tags.add(tag);
    }
    expect(tags.size).toBe(51);
  });
});

describe('several publishers', () => {
  test('are added up; each replaces only its own, also when it has lost its tag', async () => {
    await watching();
    const other = await LampPhone.start('pbx', { server: node.server });
    await voicemail.publish(mailbox, 'Messages-Waiting: yes\r\nVoice-Message: 1/2 (1/0)\r\n');
    await other.publish(mailbox, 'Messages-Waiting: yes\r\nVoice-Message: 2/0\r\nFax-Message: 1/1\r\n');
    await bob.sees((notify) => notify.body.includes('Voice-Message: 3/2 (1/0)\r\nFax-Message: 1/1 (0/0)'));
    await voicemail.publish(mailbox, voice(5));
    await bob.sees((notify) => notify.body.includes('Voice-Message: 7/0'));
    other.close();
  });

  test('one that has lost its tag takes back what it said with Expires: 0', async () => {
    await watching();
    await voicemail.publish(mailbox, voice(1));
    await bob.notified(2);
    expect((await voicemail.publish(mailbox, voice(1), { Expires: '0' })).status).toBe(200);
    await bob.notified(3);
    expect(bob.texts[2]).toBe('Messages-Waiting: no\r\n');
    expect(await stored()).toEqual([]);
  });

  test('that share a From add up too when replacing is off', async () => {
    await restart({ replacePublisher: false });
    await watching();
    await voicemail.publish(mailbox, voice(1));
    await voicemail.publish(mailbox, voice(1));
    await bob.sees((notify) => notify.body.includes('Voice-Message: 2/0'));
  });

  test('publishing at once for one mailbox leave the last state of each', async () => {
    await watching();
    const others = await Promise.all(
      ['one', 'two', 'three'].map((name) => LampPhone.start(name, { server: node.server })),
    );
    await Promise.all(
      others.flatMap((publisher) => [1, 2, 3, 4].map((count) => publisher.publish(mailbox, voice(count)))),
    );
    expect(await stored()).toHaveLength(3);
    await bob.sees((notify) => notify.body.includes('Voice-Message: 12/0'));
    for (const publisher of others) publisher.close();
  });
});

describe('who may', () => {
  test('publish: servers of the networks that are named; elsewhere 403', async () => {
    await restart({ publishers: ['192.0.2.0/24'] });
    expect((await voicemail.publish(mailbox, voice(1))).status).toBe(403);
    await restart({ publishers: ['192.0.2.0/24', '127.0.0.1'] });
    expect((await voicemail.publish(mailbox, voice(1))).status).toBe(200);
  });

  test('a list of networks that cannot be read is refused at the start', async () => {
    await expect(startNode({ mwi: { publishers: ['example.org'] } })).rejects.toMatchObject({
      code: 'SILO_CONFIG',
    });
  });

  test('the hooks decide, also late, and know the mailbox', async () => {
    const asked: string[] = [];
    await restart({
      authorizeSubscribe: (_, name) => Promise.resolve(asked.push(`watch ${name}`) > 0),
      authorizePublish: (req, name) => {
        asked.push(`publish ${name} ${req.method}`);
        return Promise.resolve(false);
      },
    });
    expect((await bob.subscribe({}, 'team@example.org')).answer.status).toBe(200);
    expect((await voicemail.publish(mailbox, voice(1))).status).toBe(403);
    expect(asked).toEqual(['watch team@example.org', `publish ${mailbox} PUBLISH`]);
  });

  test('a mailbox that nobody has, or of a domain that is not served: 404', async () => {
    await restart({ domains: ['example.org'], knows: (name) => name !== 'nobody@example.org' });
    expect((await voicemail.publish('nobody@example.org', voice(1))).status).toBe(404);
    expect((await voicemail.publish('bob@example.com', voice(1))).status).toBe(404);
    expect((await bob.subscribe({}, 'nobody@example.org')).answer.status).toBe(404);
    expect((await voicemail.publish(mailbox, voice(1))).status).toBe(200);
  });

  test('an alias means the own mailbox, and the body names the account', async () => {
    await restart({ aliases: ['*97', 'voicemail@example.org'] });
    for (const alias of ['*97@example.org', 'voicemail@example.org']) {
      const { answer } = await bob.subscribe({ Event: `message-summary;id=${alias.length}` }, alias);
      expect(answer.status).toBe(200);
    }
    await bob.notified(2);
    expect(bob.texts).toEqual(
      Array(2).fill('Messages-Waiting: no\r\nMessage-Account: sip:bob@example.org\r\n'),
    );
  });

  test('other packages are passed on when asked for', async () => {
    await restart({ otherEvents: 'pass' });
    // drachtio's own answer when no handler is left.
    expect((await bob.subscribe({ Event: 'presence' })).answer.status).toBe(404);
    expect((await bob.subscribe()).answer.status).toBe(200);
  });
});

test('a store that is away: 503 with Retry-After, and no half-done change', async () => {
  await node.store.close();
  const answer = await voicemail.publish(mailbox, voice(1));
  expect([answer.status, answer.header('Retry-After')]).toEqual([503, '10']);
  for (let times = 0; times < 3; times++) expect((await bob.subscribe()).answer.status).toBe(503);
  expect(bob.notifies).toEqual([]);
});

test('publications survive a restart of the app', async () => {
  await voicemail.publish(mailbox, voice(6));
  await node.mwi.close();
  expect(await stored()).toHaveLength(1);
});
