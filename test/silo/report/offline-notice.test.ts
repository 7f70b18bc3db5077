/** The author is told that a message was stored (msilo's notice), and never too often. */
import { afterEach, describe, expect, test } from 'vitest';
import type { SiloOptions } from '../../../lib/silo/state/options.ts';
import type { Phone } from '../../support/phone.ts';
import { aScene, type Scene } from '../../support/scene.ts';

let scene: Scene;
const NOTICES: SiloOptions = {
  noticeFrom: 'sip:silo@example.org',
  noticeBody: 'Stored for {user} (id {id})',
};
const start = async (silo: SiloOptions = {}) => (scene = await aScene({ silo: { ...NOTICES, ...silo } }));
afterEach(() => scene.close());
/** Whom a notice is about. */
const forWhom = (text: string) => /^Stored for (\S+) /.exec(text)?.[1];
const contact = (phone: Phone) => ({ headers: { Contact: phone.contact } });

describe('a notice', () => {
  test('is off by default', async () => {
    scene = await aScene();
    const alice = await scene.phone('alice');
    await alice.message('bob', 'hi', contact(alice));
    await alice.heard();
    expect(alice.messages).toHaveLength(0);
  });

  test('tells the author, at the Contact of the message, from the configured address', async () => {
    await start({ noticeType: 'text/x-notice', noticeContact: '<sip:silo@192.0.2.1>' });
    const alice = await scene.phone('alice');
    await alice.message('bob', 'hi', contact(alice));
    const [notice] = await alice.received(1);
    expect(notice!.body.toString()).toMatch(/^Stored for bob \(id \d+\)$/);
    expect(notice!.header('From')).toMatch(/^<sip:silo@example\.org>;tag=/);
    expect(notice!.header('To')).toBe('<sip:alice@example.org>');
    expect(notice!.header('Content-Type')).toBe('text/x-notice');
    expect(notice!.header('Contact')).toContain('<sip:silo@');
    expect(notice!.header('X-Silo-Notice')).toBe('stored');
    expect(notice!.header('Auto-Submitted')).toBe('auto-replied');
  });

  test('goes to the registered device of the author, without any Contact', async () => {
    await start({ noticeToContact: false });
    const alice = await scene.phone('alice', { transport: 'tcp' });
    await alice.register({ expires: 600 });
    await alice.message('bob', 'hi');
    await alice.received(1);
  });

  test('may be made by a function, which may also want none', async () => {
    await start({
      noticeBody: (message) => (message.box.startsWith('bob') ? `for ${message.box}` : undefined),
    });
    const alice = await scene.phone('alice');
    await alice.message('carol', 'hi', contact(alice));
    await alice.message('bob', 'hi', contact(alice));
    await alice.received(1);
    await alice.heard();
    expect(alice.texts).toEqual(['for bob@example.org']);
  });

  test('is not sent for a repeat', async () => {
    await start({ noticeInterval: 0 });
    const alice = await scene.phone('alice');
    const same = { callId: 'same', cseq: 1, tag: 't', ...contact(alice) };
    await alice.message('bob', 'hi', same);
    await alice.message('bob', 'hi', same);
    await alice.message('carol', 'hi', contact(alice));
    await alice.received(2);
    expect(alice.texts.map(forWhom)).toEqual(['bob', 'carol']);
  });

  test('once an hour about one recipient, and some a minute in all', async () => {
    await start({ noticeRate: 3 });
    const alice = await scene.phone('alice');
    for (let i = 0; i < 5; i++) await alice.message('bob', `hi ${i}`, contact(alice));
    await alice.received(1);
    await alice.heard();
    expect(alice.messages).toHaveLength(1);
    for (let i = 0; i < 5; i++) await alice.message(`user${i}`, 'hi', contact(alice));
    await alice.received(3);
    scene.time += 3600;
    await alice.message('bob', 'again', contact(alice));
    await alice.received(4);
    expect(alice.texts.map(forWhom)).toEqual(['bob', 'user0', 'user1', 'bob']);
  });

  test.each([
    ['typing', { contentType: 'application/im-iscomposing+xml' }],
    ['a machine', { headers: { 'Auto-Submitted': 'auto-generated' } }],
    ['a notice', { headers: { 'X-Silo-Notice': 'stored' } }],
    ['a receipt', { contentType: 'message/imdn+xml' }],
  ])('is never sent in answer to %s', async (_, options) => {
    await start();
    const alice = await scene.phone('alice');
    const body =
      '<imdn><message-id>1</message-id><display-notification><status><displayed/></status></display-notification></imdn>';
    const { headers, ...rest } = { headers: {}, ...options };
    await alice.message('bob', body, { ...rest, headers: { Contact: alice.contact, ...headers } });
    await alice.message('carol', 'hi', contact(alice));
    await alice.received(1);
    expect(alice.texts.map(forWhom)).toEqual(['carol']);
  });

  test('one for which the function has no text does not count', async () => {
    await start({
      noticeRate: 1,
      noticeBody: (message) => (message.box.startsWith('bob') ? 'stored' : undefined),
    });
    const alice = await scene.phone('alice');
    for (const to of ['carol', 'dave', 'bob']) await alice.message(to, 'hi', contact(alice));
    await alice.received(1);
  });

  test('a host that somebody only names gets one at a time, however many authors it is said to have', async () => {
    await start({ noticeRate: 0, noticeInterval: 0 });
    const victim = await scene.phone('victim', { react: () => 'silence' });
    const place = victim.contact.slice(victim.contact.indexOf('@') + 1, -1);
    const mallory = await scene.phone('mallory');
    for (let n = 0; n < 20; n++)
      await mallory.message('bob', 'hi', {
        headers: {
          From: `<sip:author${n}@${place}>;tag=${n}`,
          ...(n % 2 ? { Contact: victim.contact } : {}),
        },
      });
    await victim.received(1);
    await mallory.heard();
    expect(victim.messages).toHaveLength(1);
  });

  test('is never stored: its author being away, it is refused', async () => {
    await start();
    const machine = await scene.phone('silo');
    const answer = await machine.message('bob', 'Stored', { headers: { 'X-Silo-Notice': 'stored' } });
    expect(answer.status).toBe(480);
    expect(answer.start).toContain('Notices are not stored');
  });

  test('two auto-responders, offline both: the notices stop at the limit (kamailio issue 61)', async () => {
    await start({ noticeRate: 5 });
    // Each sends something to the other whenever it hears anything, whatever the headers say.
    const [one, two] = [await scene.phone('one'), await scene.phone('two')];
    const answering = (own: Phone, other: string): Phone['react'] => {
      let sent = 0;
      return ({ method }) => {
        if (method === 'MESSAGE' && sent++ < 1000)
          void own.message(other, `I am away (${sent})`, contact(own)).catch(() => undefined);
        return 200;
      };
    };
    one.react = answering(one, 'two');
    two.react = answering(two, 'one');
    await one.message('two', 'hello', contact(one));
    await two.message('one', 'hello', contact(two));
    for (const each of [one, two]) await each.received(1);
    for (const each of [one, two, one, two]) await each.heard();
    expect(one.messages.length).toBe(1);
    expect(two.messages.length).toBe(1);
    // A chat room that writes to a hundred absent members hears of a few.
    const room = await scene.phone('room');
    for (let i = 0; i < 100; i++) await room.message(`member${i}`, 'news', contact(room));
    await room.received(5);
    await room.heard();
    expect(room.messages.length).toBe(5);
  });
});
