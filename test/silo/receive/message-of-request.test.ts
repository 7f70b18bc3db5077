import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import type { SipRequest } from '../../../lib/sip/drachtio/messages.ts';
import { messageOf, type StoreOverrides } from '../../../lib/silo/receive/message-of-request.ts';
import { SILO_DEFAULTS } from '../../../lib/silo/state/options.ts';

const require = createRequire(import.meta.url);
const SipMessage = require('drachtio-srf/lib/sip-parser/message.js') as new (raw: string) => object;
const Request = require('drachtio-srf/lib/request.js') as new (message: object, meta: object) => SipRequest;
const NOW = 1_800_000_000;

interface Draft {
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly type?: string | null;
  readonly start?: string;
  readonly over?: StoreOverrides;
  readonly length?: number | null;
}

/** What the silo makes of a MESSAGE, read by drachtio-srf's own parser. */
function made({
  headers = [],
  body = 'hi',
  type = 'text/plain',
  start = 'MESSAGE sip:bob@example.org SIP/2.0',
  over,
  length,
}: Draft = {}) {
  const has = (name: string) =>
    headers.some((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  const lines = [
    start,
    ...(has('From') || has('f') ? [] : ['From: "Alice" <sip:alice@example.org>;tag=a1']),
    ...(has('To') || has('t') ? [] : ['To: <sip:bob@example.org>']),
    ...(has('Call-ID') ? [] : ['Call-ID: c1']),
    ...(has('CSeq') ? [] : ['CSeq: 1 MESSAGE']),
    ...(type === null ? [] : [`Content-Type: ${type}`]),
    ...(length === null ? [] : [`Content-Length: ${length ?? Buffer.byteLength(body)}`]),
    ...headers,
  ];
  const req = new Request(new SipMessage(`${lines.join('\r\n')}\r\n\r\n${body}`), {
    source: 'network',
    address: '192.0.2.1',
    port: '5060',
    protocol: 'udp',
  });
  return messageOf(req, SILO_DEFAULTS, NOW, over);
}

describe('what is stored of a MESSAGE', () => {
  test('recipient, sender with display name, type, body and times', () => {
    expect(made()).toMatchObject({
      box: 'bob@example.org',
      srcAddr: 'sip:alice@example.org',
      srcName: 'Alice',
      dstAddr: 'sip:bob@example.org',
      contentType: 'text/plain',
      body: Buffer.from('hi'),
      callId: 'c1',
      incTime: NOW,
      expTime: NOW + 259_200,
      sendTime: 0,
      dateTime: NOW,
      urgent: false,
    });
  });

  test.each([
    ['charset and quotes', 'text/plain; charset="utf-8"'],
    ['a multipart boundary', 'multipart/mixed;boundary="x y;z"'],
    ['a type of 40 characters', 'application/vnd.gsma.rcs-ft-http+xml;a=b'],
  ])('the Content-Type verbatim: %s', (_, type) => {
    expect(made({ type }).contentType).toBe(type);
  });

  test.each(['', 'emoji 🐘 and ümlaut', 'two\r\n\r\nparagraphs', 'x'.repeat(10_900)])(
    'the body byte for byte (%#)',
    (body) => {
      expect(made({ body }).body.toString()).toBe(body);
      expect(made({ body, length: null }).body.toString()).toBe(body);
    },
  );

  test('end-to-end headers, unfolded and in long form; hop-by-hop ones are left out', () => {
    const { headers } = made({
      headers: [
        's: greetings',
        'Priority: urgent',
        'X-Custom: a,\r\n  b',
        'P-Asserted-Identity: <sip:alice@example.org>',
        'Content-Language: de',
        'Via: SIP/2.0/UDP 192.0.2.1',
        'Route: <sip:x;lr>',
        'Proxy-Authorization: Digest secret',
        'P-Charging-Vector: v',
        'Contact: <sip:c>',
        'Max-Forwards: 3',
        'k: path',
      ],
    });
    expect(headers).toBe(
      'Subject: greetings\r\nPriority: urgent\r\nX-Custom: a, b\r\nP-Asserted-Identity: <sip:alice@example.org>\r\nContent-Language: de\r\n',
    );
    expect(made({ headers: ['Priority: emergency'] }).urgent).toBe(true);
  });

  test('no identity that any of several Privacy headers hides, and Privacy whatever else is wanted', () => {
    const headers = [
      'Privacy: none',
      'P-Asserted-Identity: <sip:alice@example.org>',
      'privacy: ID',
      'X-A: 1',
    ];
    expect(made({ headers }).headers).toBe('Privacy: none\r\nprivacy: ID\r\nX-A: 1\r\n');
    expect(made({ headers, over: { onlyHeaders: true } }).headers).toBe('Privacy: none\r\nprivacy: ID\r\n');
  });

  test('the shorter of Expires and the longest lifetime', () => {
    expect(made({ headers: ['Expires: 60'] }).expTime).toBe(NOW + 60);
    expect(made({ headers: ['Expires: 99999999'] }).expTime).toBe(NOW + 259_200);
  });

  test("the sender's Date when it is believable, else the time of arrival", () => {
    const date = (epoch: number) => [`Date: ${new Date(epoch * 1000).toUTCString()}`];
    expect(made({ headers: date(NOW - 100) }).dateTime).toBe(NOW - 100);
    expect(made({ headers: date(NOW - 90_000) }).dateTime).toBe(NOW);
    expect(made({ headers: date(NOW + 90_000) }).dateTime).toBe(NOW);
    expect(made({ headers: ['Date: yesterday'] }).dateTime).toBe(NOW);
  });

  test('what the host app says instead', () => {
    expect(
      made({
        over: {
          owner: 'carol@Example.NET',
          from: 'sip:x@example.org',
          to: 'sip:y@example.org',
          expires: 5,
          sendAt: NOW + 10,
          headers: { 'X-Mine': '1' },
        },
      }),
    ).toMatchObject({
      box: 'carol@example.net',
      srcAddr: 'sip:x@example.org',
      dstAddr: 'sip:y@example.org',
      expTime: NOW + 15,
      sendTime: NOW + 10,
      nextTime: NOW + 10,
      headers: 'X-Mine: 1\r\n',
    });
  });
});

describe('the identity of a message', () => {
  test('a repeat has the same one, every difference of sender, tag, Call-ID, CSeq, recipient or text another one', () => {
    const variants = [
      made(),
      made({ headers: ['From: <sip:carol@example.org>;tag=a1'] }),
      made({ headers: ['From: "Alice" <sip:alice@example.org>;tag=a2'] }),
      made({ headers: ['Call-ID: c2'] }),
      made({ headers: ['CSeq: 2 MESSAGE'] }),
      made({ body: 'other text' }),
      made({ start: 'MESSAGE sip:dave@example.org SIP/2.0' }),
    ];
    expect(made({ headers: ['Via: SIP/2.0/UDP 192.0.2.9', 'Subject: other'] }).key).toBe(variants[0]!.key);
    expect(new Set(variants.map((message) => message.key)).size).toBe(variants.length);
  });
});

describe('what is refused, and with which status', () => {
  test.each<[string, number, Draft]>([
    ['Expires: 0 of somebody who is not there', 480, { headers: ['Expires: 0'] }],
    ['an unreadable Expires', 400, { headers: ['Expires: soon'] }],
    ['a typing indication', 480, { type: 'application/im-iscomposing+xml', body: '<isComposing/>' }],
    [
      'a typing indication in CPIM',
      480,
      {
        type: 'message/cpim',
        body: 'From: <sip:a@b>\r\n\r\nContent-Type: application/im-iscomposing+xml\r\n\r\n<x/>',
      },
    ],
    ['a body without Content-Type', 400, { type: null }],
    ['a Content-Type that is none', 400, { type: 'text' }],
    ['a NUL in the body', 415, { body: 'a\0b' }],
    ['bytes that were no UTF-8', 415, { body: 'caf\uFFFD' }],
    ['a body shorter than Content-Length', 400, { length: 10 }],
    ['more than drachtio can deliver', 413, { body: 'x'.repeat(12_000) }],
    ['headers larger than drachtio can deliver', 413, { headers: [`X-Long: ${'y'.repeat(8000)}`] }],
    ['a From URI too long to store', 400, { headers: [`From: <sip:${'a'.repeat(600)}@example.org>;tag=1`] }],
    ['another method', 405, { start: 'INFO sip:bob@example.org SIP/2.0' }],
    ['no recipient', 404, { start: 'MESSAGE sip:example.org SIP/2.0', headers: ['To: <sip:example.org>'] }],
    [
      'a header of the host app with a line break',
      400,
      { over: { headers: { 'X-Bad': 'a\r\nRoute: <sip:evil>' } } },
    ],
  ])('%s: %d', (_, status, draft) => {
    expect(() => made(draft)).toThrow(expect.objectContaining({ code: 'SILO_REFUSED', status }) as Error);
  });

  test('none of these is refused for a body that is only sent live', () => {
    expect(made({ headers: ['Expires: 0'], over: { live: true } }).box).toBe('bob@example.org');
    expect(made({ type: 'application/im-iscomposing+xml', over: { live: true } }).box).toBe(
      'bob@example.org',
    );
  });
});
