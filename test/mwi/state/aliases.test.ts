/** Names that stand for a mailbox: what each of them reaches, and which could reach nothing. */
import { afterEach, describe, expect, test } from 'vitest';
import { createMwi } from '../../../lib/mwi/mwi.ts';
import { readConfig } from '../../../lib/config/config.ts';
import type { MwiOptions } from '../../../lib/mwi/request/options.ts';
import { LampPhone, voice } from '../../support/lamp-phone.ts';
import { startNode, type TestNode } from '../../support/node.ts';

describe('SUBSCRIBE from 150', () => {
  let node: TestNode;
  let phone: LampPhone;
  const own = '150@pbx.example.com';
  async function start(mwi: MwiOptions): Promise<void> {
    node = await startNode({ mwi: { notifyInterval: 0, ...mwi } });
    phone = await LampPhone.start('150', { server: node.server, domain: 'pbx.example.com' });
  }
  afterEach(async () => {
    phone.close();
    await node.close();
  });

  test.each([
    ['*98{user}', '*98150@pbx.example.com'],
    ['vmaccess*{user}', 'vmaccess*150@pbx.example.com'],
    ['voicemail+{user}', 'voicemail+150@pbx.example.com'],
    ['{user}-vm', '150-vm@pbx.example.com'],
    ['%2A98{user}', '*98150@pbx.example.com'],
    ['voicemail+{user}@VM.example.com', 'voicemail+150@vm.example.com'],
    ['{user}@vm.example.com', '150@vm.example.com'],
    ['sip:*97@pbx.example.com', '*97@pbx.example.com'],
    ['pbx.example.com', 'pbx.example.com'],
    ['@pbx.example.com', 'pbx.example.com'],
    ['sip:PBX.example.com', 'pbx.example.com'],
  ])('with the alias %s, %s is the own mailbox, and the body names it', async (alias, asked) => {
    await start({ aliases: ['nobody', alias] });
    expect((await phone.subscribe({}, asked)).answer.status).toBe(200);
    await phone.publish(own, voice(3));
    const { text } = await phone.sees((notify) => notify.text.includes('3/0'));
    expect(text).toBe(
      'Messages-Waiting: yes\r\nMessage-Account: sip:150@pbx.example.com\r\nVoice-Message: 3/0 (0/0)\r\n',
    );
  });

  test.each([
    ["another user's mailbox by a pattern", '*98151@pbx.example.com', 403],
    ['nothing behind the prefix', '*98@pbx.example.com', 403],
    ['a host that is no alias', 'other.example.com', 404],
    ['a name on another host than that of the alias', 'vm150@other.example.com', 403],
  ])('%s: %s gets %i', async (_, asked, status) => {
    await start({ aliases: ['*98{user}', 'vm{user}@vm.example.com', 'pbx.example.com'] });
    expect((await phone.subscribe({}, asked)).answer.status).toBe(status);
  });

  test('a voicemail server publishes for the user in the name', async () => {
    await start({ aliases: ['*98{user}'] });
    await phone.subscribe();
    expect((await phone.publish('*98150@pbx.example.com', voice(2))).status).toBe(200);
    await phone.sees((notify) => notify.text.includes('2/0'));
  });

  test('the host app says which mailbox a request is about; where it says nothing, its address does', async () => {
    await start({
      mailboxOf: (req) => (req.get('X-Mailbox') === undefined ? undefined : 'sip:150@PBX.example.com'),
    });
    const Event = 'message-summary;id=2';
    expect((await phone.subscribe({ 'X-Mailbox': 'mine' }, 'lamp@pbx.example.com')).answer.status).toBe(200);
    expect((await phone.subscribe({ Event })).answer.status).toBe(200);
    expect((await phone.subscribe({}, 'lamp@pbx.example.com')).answer.status).toBe(403);
    await phone.notified(2);
    expect(phone.texts[0]).toContain('Message-Account: sip:150@pbx.example.com');
  });
});

describe('an alias that can match nothing is refused at start with a sentence', () => {
  test.each([
    ['*98{number}', /"\*98\{number\}" would match nothing: there is no variable \{number\}/],
    ['{user}', /beside \{user\} it needs something/],
    ['{user}{user}', /\{user\} stands in it more than once/],
    ['voice mail', /it is no user of a SIP URI; wanted is a user such as \*97/],
    ['bob@', /behind "@" is no host name/],
    ['bob@a@b', /behind "@" is no host name/],
    ['bob@{user}', /behind "@" is no host name/],
    ['bob@example.org:5060', /behind "@" is no host name/],
    ['sip:', /it is no user/],
    ['*97{', /a brace that is not one of \{user\}/],
    ['<sip:*97@example.org>', /behind "@" is no host name/],
  ])('%s', (alias, sentence) => {
    const node = { onGone: () => undefined, name: 'n', run: 'r' };
    const port = { onReconnect: () => undefined, middleware: () => () => undefined };
    expect(() => createMwi({ srf: {}, store: {}, port, node } as never, { aliases: ['*97', alias] })).toThrow(
      sentence,
    );
    expect(() => readConfig({ SILO_MWI_ALIASES: `*97,${alias}` })).toThrow(/SILO_MWI_ALIASES/);
  });
});
