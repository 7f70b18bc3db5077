import { describe, expect, test } from 'vitest';
import type { Phone } from '../support/phone.ts';
import { nothingMore } from '../support/sentinel.ts';
import { journey, type Transport } from './journey.ts';

const world = journey();

/** Lines of text, as drachtio-server refuses a single line of more than 8,192 bytes. */
function lines(bytes: number): Buffer {
  const line = 'Übergröße 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 zyxw\r\n';
  const text = Buffer.from(line.repeat(Math.ceil(bytes / line.length)));
  return Buffer.concat([text.subarray(0, bytes - 2), Buffer.from('\r\n')]);
}

const CONTENTS: readonly (readonly [string, string, Buffer])[] = [
  ['plain text', 'text/plain', Buffer.from('hello')],
  ['emoji and other scripts', 'text/plain;charset=UTF-8', Buffer.from('👩‍👩‍👧‍👦 héllo 你好 مرحبا \u{1F680}')],
  ['leading and trailing white space', 'text/plain', Buffer.from('\r\n\r\n  \t indented \r\n\r\n\r\n')],
  ['bare line feeds and blank lines', 'text/plain', Buffer.from('one\n\ntwo\r\n\r\nthree\rfour\n')],
  [
    'what looks like a request',
    'text/plain',
    Buffer.from('MESSAGE sip:x SIP/2.0\r\nVia: x\r\n\r\n11#0123456789'),
  ],
  [
    'CPIM with its own blank lines',
    'message/cpim',
    Buffer.from(
      'From: <sip:alice@example.org>\r\nTo: <sip:bob@example.org>\r\nDateTime: 2024-05-01T10:00:00Z\r\n' +
        'NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324j\r\n\r\n' +
        'Content-type: text/plain; charset=utf-8\r\nContent-length: 12\r\n\r\nHello World!',
    ),
  ],
  [
    'multipart with a boundary',
    'multipart/mixed;boundary="=_b 1;x=\\"y\\", z"; charset=utf-8',
    Buffer.from('--=_b 1\r\nContent-Type: text/plain\r\n\r\none\r\n--=_b 1\r\n\r\nzwei ü\r\n--=_b 1--\r\n'),
  ],
  [
    'parameters of Content-Type as they came',
    'Text/HTML ; Charset="utf-8";  level=1',
    Buffer.from('<p>x</p>'),
  ],
  ['a body of 11,000 bytes', 'text/plain;charset=utf-8', lines(11_000)],
  ['a line of 8,000 bytes', 'application/json', Buffer.from(JSON.stringify({ text: 'x'.repeat(7_989) }))],
  ['an empty body', 'text/plain', Buffer.alloc(0)],
];

describe.concurrent.each(CONTENTS)('%s', (_, contentType, body) => {
  test.each<Transport>(['udp', 'tcp'])(
    'arrives byte for byte after it has waited (%s)',
    async (transport) => {
      const alice = await world.phone('alice', { transport });
      const bob = await world.phone('bob', { transport });
      expect((await alice.message(bob.name, body, { contentType })).status).toBe(202);
      await bob.register();
      await bob.received(1);
      expectExact(bob, contentType, body);
    },
  );

  test.each<Transport>(['udp', 'tcp'])(
    'arrives byte for byte when it is delivered live (%s)',
    async (transport) => {
      const alice = await world.phone('alice', { transport });
      const bob = await world.phone('bob', { transport });
      await bob.register();
      expect((await alice.message(bob.name, body, { contentType })).status).toBe(200);
      expectExact(bob, contentType, body);
    },
  );
});

function expectExact(phone: Phone, contentType: string, body: Buffer): void {
  const [message] = phone.messages;
  expect(message?.body.toString('latin1')).toBe(body.toString('latin1'));
  expect(message?.header('Content-Length')).toBe(String(body.length));
  // White space around ";" is the stack's to change (RFC 3261, 7.3.1).
  if (body.length > 0) expect(unspaced(message?.header('Content-Type'))).toBe(unspaced(contentType));
}

function unspaced(value = ''): string {
  return value.replace(/\s*;\s*/g, ';');
}

test('a message without body and Content-Type waits and arrives', async () => {
  const alice = await world.phone('alice');
  const bob = await world.phone('bob');
  expect((await alice.message(bob.name, '', { contentType: null })).status).toBe(202);
  await bob.register();
  await bob.received(1);
  expect(bob.messages[0]?.body).toHaveLength(0);
});

/** What is refused, with the statuses that say so; the front end may be the one that says it. */
const REFUSED: readonly (readonly [string, string | null, Buffer, readonly number[]])[] = [
  ['a body of 20,000 bytes', 'text/plain', lines(20_000), [413]],
  ['a line of 9,000 bytes', 'text/plain', Buffer.from('x'.repeat(9_000)), [400, 413]],
  ['a body without Content-Type', null, Buffer.from('hello'), [400]],
  ['a Content-Type that can not be read', 'nonsense', Buffer.from('hello'), [400]],
  ['a NUL', 'text/plain', Buffer.from('one\0two'), [400, 415]],
  ['bytes that are not UTF-8', 'text/plain;charset=iso-8859-1', Buffer.from('caf\xe9', 'latin1'), [415]],
  [
    'binary content',
    'application/vnd.3gpp.sms',
    Buffer.from([0x81, 0xff, 0xc0, 0x80, 0x0d, 0x0a]),
    [400, 415],
  ],
];

describe.concurrent.each(REFUSED)('%s', (_, contentType, body, statuses) => {
  test('is refused when the recipient is away, never stored damaged', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    expect(statuses).toContain((await alice.message(bob.name, body, { contentType })).status);
    await bob.register();
    await nothingMore(bob);
    expect(bob.messages).toEqual([]);
    expect((await alice.message(bob.name, 'still well')).status).toBe(200);
  });

  test('is refused when the recipient is there, never delivered damaged', async () => {
    const alice = await world.phone('alice');
    const bob = await world.phone('bob');
    await bob.register();
    expect(statuses).toContain((await alice.message(bob.name, body, { contentType })).status);
    expect((await alice.message(bob.name, 'still well')).status).toBe(200);
    expect(bob.texts).toEqual(['still well']);
  });
});
