/** Receipts: those that we make for authors who ask (RFC 5438), and those that pass through. */
import { afterEach, describe, expect, test } from 'vitest';
import { readCpim } from '../../../lib/silo/receive/cpim.ts';
import type { SiloOptions } from '../../../lib/silo/state/options.ts';
import { readReceipt } from '../../../lib/silo/receive/receipts.ts';
import type { Sip } from '../../support/sip/message.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { idle } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

let scene: Scene | undefined;
const start = async (silo: SiloOptions = {}) =>
  (scene = await aScene({ silo: { tailTime: 0.05, checkTime: 0.05, ...silo } }));
afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

const cpim = (asks: string, id = 'id-1', extra = '') =>
  'From: "Alice" <im:alice@example.org>\r\nTo: <im:bob@example.org>\r\nDateTime: 2026-11-01T10:00:00Z\r\n' +
  `NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: ${id}\r\nimdn.Disposition-Notification: ${asks}\r\n${extra}\r\n` +
  'Content-Type: text/plain; charset=utf-8\r\n\r\nhello';
const CPIM = { contentType: 'message/cpim' };
const receipt = (state: string, about = 'id-1') =>
  'From: <im:bob@example.org>\r\nTo: <im:alice@example.org>\r\nNS: imdn <urn:ietf:params:imdn>\r\n' +
  'imdn.Message-ID: x\r\n\r\nContent-type: message/imdn+xml\r\nContent-Disposition: notification\r\n\r\n' +
  `<?xml version="1.0"?><imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>${about}</message-id>` +
  `<datetime>2026-11-01T10:00:00Z</datetime><${state}-notification><status><x/></status></${state}-notification></imdn>`;

/** What a receipt of ours says. */
function said(message: Sip | undefined) {
  const read = readCpim(message!.header('Content-Type'), message!.body);
  return {
    to: read?.header('To'),
    status: /<status><(\w+)\/><\/status>/.exec(read?.content ?? '')?.[1],
    about: /<message-id>([^<]*)</.exec(read?.content ?? '')?.[1],
    datetime: /<datetime>([^<]*)</.exec(read?.content ?? '')?.[1],
    type: read?.type,
  };
}

/** What was asked for so far has been made: a message that asks later has its receipt. Returns how many wait more. */
async function receiptsAreThere(scene: Scene): Promise<number> {
  const zoe = await scene.phone('zoe');
  const before = (await scene.texts('zoe')).length;
  await zoe.message('nobody', cpim('processing', `id-${before}`).replace('alice', 'zoe'), CPIM);
  await until(async () => expect(await scene.texts('zoe')).toHaveLength(before + 1));
  return 2;
}

describe('receipts that we make', () => {
  test('processing asked for: "stored", at once to an author who is there', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.register({ expires: 600 });
    expect((await alice.message('bob', cpim('positive-delivery, processing'), CPIM)).status).toBe(202);
    await alice.received(1);
    expect(said(alice.messages[0])).toEqual({
      to: '"Alice" <im:alice@example.org>',
      status: 'stored',
      about: 'id-1',
      datetime: '2026-11-01T10:00:00Z',
      type: 'message/imdn+xml',
    });
    expect(alice.messages[0]!.header('From')).toContain('<sip:bob@example.org>');
  });

  test('negative-delivery asked for: "failed" when it expires, kept for an author who is away', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.message('bob', cpim('negative-delivery'), { ...CPIM, headers: { Expires: '60' } });
    scene.time += 60;
    await until(async () => expect(await scene.texts('alice')).toHaveLength(1));
    await alice.register({ expires: 600 });
    await alice.received(1);
    expect(said(alice.messages[0])).toMatchObject({ status: 'failed', about: 'id-1' });
  });

  test('negative-delivery asked for: "failed" when it becomes a dead letter', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.register({ expires: 600 });
    await alice.message('bob', cpim('negative-delivery'), CPIM);
    const bob = await scene.phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? 603 : 200) });
    await bob.register({ expires: 600 });
    await alice.received(1);
    expect(said(alice.messages[0])).toMatchObject({ status: 'failed' });
  });

  test('"failed" replaces a "stored" of the same message only where it says more: both are told', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.message('bob', cpim('processing, negative-delivery'), {
      ...CPIM,
      headers: { Expires: '60' },
    });
    await until(async () => expect(await scene.texts('alice')).toHaveLength(1));
    scene.time += 60;
    await until(async () => expect((await scene.node.store.ledger()).expired).toBe(1));
    await until(async () => {
      const texts = await scene.texts('alice');
      expect(texts).toHaveLength(1);
      expect(texts[0]).toContain('<failed/>');
    });
  });

  test.each(['display', 'positive-delivery', ''])('%j asked for: nothing of ours', async (asks) => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.message('bob', cpim(asks), { ...CPIM, headers: { Expires: '60' } });
    scene.time += 60;
    await until(async () => expect((await scene.node.store.ledger()).expired).toBe(1));
    await receiptsAreThere(scene);
    expect(await scene.texts('alice')).toEqual([]);
  });

  test('"failed" replaces a "stored" that waits, whatever characters the id has', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    const asked = cpim('processing, negative-delivery', 'a&b<c>');
    await alice.message('bob', asked, { ...CPIM, headers: { Expires: '60' } });
    await until(async () => expect(await scene.texts('alice')).toHaveLength(1));
    scene.time += 61;
    await until(async () => expect((await scene.node.store.ledger()).expired).toBe(1));
    await until(async () => {
      const waiting = await scene.texts('alice');
      expect(waiting).toHaveLength(1);
      expect(waiting[0]).toContain('<failed/>');
    });
  });

  test.each([
    ['an id of 3,500 characters, each of which becomes six', cpim('processing', '"'.repeat(3500)), 0],
    ['an author with an AoR that no column takes', cpim('processing'), 0],
    [
      'a bare CR in From, which would be a line of its own to some',
      cpim('processing').replace('"Alice"', '"A\rimdn.X: y"'),
      1,
    ],
    ['a NUL in the id', cpim('processing', 'a\0b').replace('\0', '\x01'), 0],
  ])('hostile: %s', async (name, body, receipts) => {
    const scene = await start();
    const alice = await scene.phone('alice');
    const from = name.includes('AoR')
      ? `<sip:${'a'.repeat(400)}@example.org>;tag=1`
      : '<sip:alice@example.org>;tag=1';
    expect((await alice.message('bob', body, { ...CPIM, headers: { From: from } })).status).toBe(202);
    const more = await receiptsAreThere(scene);
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: 1 + receipts + more, dead: 0 });
    for (const text of await scene.texts('alice')) expect(text.replaceAll('\r\n', '')).not.toContain('\r');
  });

  test('a message to oneself that asks for everything makes one receipt, and that none', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.message('alice', cpim('processing, negative-delivery, positive-delivery, display'), CPIM);
    const more = await receiptsAreThere(scene);
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: 2 + more });
    await alice.register({ expires: 600 });
    await alice.received(2);
    await idle(scene.node, alice);
    const evenMore = more + (await receiptsAreThere(scene));
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: evenMore, delivered: 2 });
  });

  test('imdn off: nothing, whatever is asked for', async () => {
    const scene = await start({ imdn: false });
    const alice = await scene.phone('alice');
    await alice.message('bob', cpim('processing, negative-delivery'), CPIM);
    await alice.heard();
    expect(await scene.texts('alice')).toEqual([]);
  });

  test('a record-route of the asker comes back as route; markup in an id does no harm', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    const route = 'imdn.IMDN-Record-Route: <im:relay@example.org>\r\n';
    await alice.message('bob', cpim('processing', 'a<b>&"c', route), CPIM);
    await until(async () => expect(await scene.texts('alice')).toHaveLength(1));
    const [text] = await scene.texts('alice');
    expect(text).toContain('imdn.IMDN-Route: <im:relay@example.org>');
    expect(text).toContain('<message-id>a&lt;b&gt;&amp;&quot;c</message-id>');
  });
});

describe('receipts that pass through', () => {
  test.each(['processing', 'delivery', 'display'])('%s is known for a receipt, in CPIM and bare', (state) => {
    const text = receipt(state);
    expect(readReceipt('message/cpim', Buffer.from(text))).toEqual({ state, about: 'id-1' });
    const xml = text
      .slice(text.indexOf('<?xml'))
      .replaceAll('<', '<i:')
      .replaceAll('<i:/', '</i:')
      .replace('<i:?xml', '<?xml');
    expect(readReceipt('message/imdn+xml;charset=utf-8', Buffer.from(xml))).toEqual({ state, about: 'id-1' });
    expect(readReceipt('text/plain', Buffer.from(text))).toBeUndefined();
  });

  test('go behind the messages; the newest state about a message replaces the weaker ones', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.message('bob', receipt('delivery'), CPIM);
    await alice.message('bob', receipt('delivery', 'id-2'), CPIM);
    await alice.message('bob', 'text');
    await alice.message('bob', receipt('display'), CPIM);
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    await bob.received(3);
    await idle(scene.node, bob);
    expect(bob.texts[0]).toBe('text');
    expect(bob.texts.slice(1)).toEqual([receipt('delivery', 'id-2'), receipt('display')]);
  });

  test('a weaker state that comes late does not replace a stronger one', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    await alice.message('bob', receipt('display'), CPIM);
    await alice.message('bob', receipt('delivery'), CPIM);
    expect(await scene.texts('bob')).toContain(receipt('display'));
  });

  test('have their own lifetime and number', async () => {
    const scene = await start({ receiptExpireTime: 100, maxReceipts: 2, maxMessages: 3 });
    const alice = await scene.phone('alice');
    for (const id of ['1', '2', '3', '4'])
      expect((await alice.message('bob', receipt('display', id), CPIM)).status).toBe(202);
    expect(await scene.texts('bob')).toEqual([receipt('display', '3'), receipt('display', '4')]);
    expect((await alice.message('bob', 'text')).status).toBe(202);
    scene.time += 100;
    await until(async () =>
      expect(await scene.node.store.ledger()).toMatchObject({ waiting: 1, expired: 2 }),
    );
  });

  test('a receipt never asks for a receipt', async () => {
    const scene = await start();
    const alice = await scene.phone('alice');
    const asking = receipt('display').replace(
      'imdn.Message-ID: x',
      'imdn.Message-ID: x\r\nimdn.Disposition-Notification: processing, negative-delivery',
    );
    await alice.message('bob', asking, CPIM);
    await receiptsAreThere(scene);
    expect(await scene.texts('alice')).toEqual([]);
  });
});
