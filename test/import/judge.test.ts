/** What becomes of one row. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { looksLikeCpim } from '../../lib/import/content-type.ts';
import { judge, type JudgeSettings } from '../../lib/import/judge.ts';
import type { SourceRow, SourceText } from '../../lib/stores/source/silo-source.ts';
import type { NewMessage } from '../../lib/stores/contract/message.ts';

const NOW = 1_700_000_000;
const SETTINGS: JudgeSettings = {
  domains: [],
  expireTime: 259_200,
  storeTypes: [],
  skipTypes: [],
  keepHeaders: [],
  dropHeaders: [],
  sendAtHeader: '',
};

function text(value: string, full = false): SourceText {
  return { text: value, full };
}

function row(change: Partial<SourceRow> = {}): SourceRow {
  return {
    id: 7,
    srcAddr: text('sip:alice@example.org'),
    dstAddr: text('sip:bob@example.org'),
    username: text('bob'),
    domain: text('example.org'),
    contentType: text('text/plain'),
    extraHeaders: text(''),
    callId: text('1@192.0.2.1'),
    incTime: NOW - 60,
    expTime: NOW + 60,
    sendTime: 0,
    body: Buffer.from('grüße 🙂'),
    ...change,
  };
}

/** The message that a row becomes, and the kinds of its repairs. */
function taken(
  change: Partial<SourceRow>,
  settings: Partial<JudgeSettings> = {},
): NewMessage & { readonly repairs: readonly string[] } {
  const judgement = judge(row(change), { ...SETTINGS, ...settings }, NOW);
  if (judgement.verdict !== 'take') expect.fail(`${judgement.note.kind}: ${judgement.note.found}`);
  return { ...judgement.message, repairs: judgement.repairs.map(({ kind }) => kind) };
}

function notTaken(change: Partial<SourceRow>, settings: Partial<JudgeSettings> = {}): string {
  const judgement = judge(row(change), { ...SETTINGS, ...settings }, NOW);
  if (judgement.verdict === 'take') expect.fail('it was taken');
  return `${judgement.verdict} ${judgement.note.kind}: ${judgement.note.found}`;
}

const CPIM =
  'From: <sip:alice@example.org>\r\nTo: <sip:bob@example.org>\r\nNS: imdn <urn:ietf:params:imdn>\r\n' +
  'imdn.Message-ID: abc\r\nDateTime: 2023-11-14T22:13:20Z\r\n\r\n' +
  'Content-Type: text/plain; charset=utf-8\r\n\r\nhello';

test('a row becomes a message that says what the row says', () => {
  expect(taken({ extraHeaders: text('Subject: hi\r\nX-One: 1\r\n') })).toEqual({
    key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    box: 'bob@example.org',
    srcAddr: 'sip:alice@example.org',
    srcName: '',
    dstAddr: 'sip:bob@example.org',
    dstName: '',
    contentType: 'text/plain',
    body: Buffer.from('grüße 🙂'),
    headers: 'Subject: hi\r\nX-One: 1\r\n',
    callId: '1@192.0.2.1',
    incTime: NOW - 60,
    expTime: NOW + 60,
    sendTime: 0,
    dateTime: NOW - 60,
    urgent: false,
    nextTime: 0,
    hops: 70,
    kind: 'message',
    thread: '',
    repairs: [],
  });
});

describe('the key of a row', () => {
  const keyOf = (change: Partial<SourceRow>) => taken(change).key;

  test('stays the same while a Kamailio changes its plans with it', () => {
    expect(keyOf({ sendTime: NOW + 30 })).toBe(keyOf({}));
  });

  test('differs for another id, and for another row that got the same id later', () => {
    expect(keyOf({ id: 8 })).not.toBe(keyOf({}));
    expect(keyOf({ incTime: NOW - 59 })).not.toBe(keyOf({}));
    expect(keyOf({ body: Buffer.from('other') })).not.toBe(keyOf({}));
  });
});

describe('Content-Type', () => {
  test('message/cpim that Kamailio filed as text/plain gets its type back', () => {
    expect(taken({ body: Buffer.from(CPIM) })).toMatchObject({
      contentType: 'message/cpim',
      repairs: ['cpim'],
    });
    expect(taken({ body: Buffer.from(CPIM.replaceAll('\r\n', '\n')) }).repairs).toEqual(['cpim']);
  });

  test('what was filed with parameters stays as it is', () => {
    const filed = { contentType: text('text/plain;charset=utf-8'), body: Buffer.from(CPIM) };
    expect(taken(filed)).toMatchObject({ contentType: 'text/plain;charset=utf-8', repairs: [] });
    expect(taken({ contentType: text('message/cpim'), body: Buffer.from(CPIM) }).repairs).toEqual([]);
  });

  test.each([
    ['hello'],
    [''],
    ['From: you\r\n\r\nto me'],
    ['To: do\n\nContent-Type: is a header'],
    ['Note: this\r\n\r\nContent-Type: text/plain\r\n\r\nis about headers'],
    ['From: <sip:a@b>\r\nand then\r\n\r\nContent-Type: text/plain\r\n\r\nx'],
  ])('text is not taken for CPIM: %j', (body) => {
    expect(looksLikeCpim(Buffer.from(body))).toBe(false);
  });

  test('anything may be asked whether it is CPIM', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        looksLikeCpim(Buffer.from(bytes));
      }),
    );
  });

  test('a multipart body tells the boundary that was lost', () => {
    const body = Buffer.from('preamble\r\n--a b:1\r\nContent-Type: text/plain\r\n\r\nx\r\n--a b:1--\r\n');
    expect(taken({ contentType: text('multipart/mixed'), body })).toMatchObject({
      contentType: 'multipart/mixed;boundary="a b:1"',
      repairs: ['boundary'],
    });
    expect(taken({ contentType: text('multipart/mixed'), body: Buffer.from('--x\r\nno end') })).toMatchObject(
      {
        contentType: 'multipart/mixed',
        repairs: ['boundaryLost'],
      },
    );
  });

  test('OpenSIPS has none for an empty body; a body without one is text', () => {
    expect(taken({ contentType: text(''), body: Buffer.alloc(0) })).toMatchObject({
      contentType: '',
      repairs: [],
    });
    expect(taken({ contentType: text('') })).toMatchObject({
      contentType: 'text/plain',
      repairs: ['typeMissing'],
    });
  });

  test('one that fills its column is told', () => {
    expect(taken({ contentType: text('application/vnd.example.long-nam', true) }).repairs).toEqual([
      'typeCut',
    ]);
  });

  test('one that is none is refused', () => {
    expect(notTaken({ contentType: text('plain') })).toBe('refuse value: Content-Type "plain"');
  });
});

describe('the recipient', () => {
  test('gets its one spelling', () => {
    expect(taken({ username: text('%42ob'), domain: text('EXAMPLE.org') }).box).toBe('Bob@example.org');
  });

  test.each([
    ['', 'example.org'],
    ['bob', ''],
    ['bob', 'no host'],
    ['b<ob', 'example.org'],
  ])('that can not be read is refused: %j at %j', (username, domain) => {
    expect(notTaken({ username: text(username), domain: text(domain) })).toBe(
      `refuse recipient: ${JSON.stringify(username)} at ${JSON.stringify(domain)}`,
    );
  });

  test('that is no text is refused', () => {
    expect(notTaken({ username: { text: undefined, full: false } })).toBe(
      'refuse recipient: bytes that are no text at "example.org"',
    );
  });

  test('that is a telephone number without a domain belongs to the one of telephone numbers', () => {
    const change = { username: text('+4930123'), domain: text(''), dstAddr: text('tel:+4930123') };
    expect(notTaken(change)).toContain('refuse recipient');
    expect(taken(change, { telDomain: 'example.org' }).box).toBe('+4930123@example.org');
  });

  test('that was cut is told whole by To', () => {
    const whole = `${'b'.repeat(60)}@${'long.'.repeat(12)}example.org`;
    const change = { username: text('b'.repeat(60)), domain: text('long.'.repeat(12) + 'exam', true) };
    expect(taken({ ...change, dstAddr: text(`sip:${whole}`) })).toMatchObject({
      box: whole,
      repairs: ['recipientCut'],
    });
    expect(taken({ ...change, dstAddr: text('sip:carol@example.org') }).repairs).toEqual(['recipientFull']);
    expect(taken({ username: text('bob', true) }).repairs).toEqual([]);
  });

  test('that is a contact gives way to To when that is of a served domain', () => {
    const domains = ['example.org'];
    const contact = { username: text('line1'), domain: text('192.0.2.7') };
    expect(taken(contact, { domains })).toMatchObject({
      box: 'bob@example.org',
      repairs: ['recipientContact'],
    });
    expect(taken(contact)).toMatchObject({ box: 'line1@192.0.2.7', repairs: [] });
    expect(notTaken({ domain: text('example.com'), dstAddr: text('sip:bob@example.com') }, { domains })).toBe(
      'refuse domain: "bob" at "example.com"; SILO_DOMAINS has example.org',
    );
  });
});

describe('addresses that were cut', () => {
  test('a broken parameter of the sender is left out', () => {
    expect(taken({ srcAddr: text('sip:alice@example.org;user=ph', true) })).toMatchObject({
      srcAddr: 'sip:alice@example.org',
      repairs: ['senderCut'],
    });
  });

  test('a sender that fills its column is taken, and told', () => {
    expect(taken({ srcAddr: text('sip:alice@example.or', true) }).repairs).toEqual(['senderFull']);
  });

  test('a sender that can not be read is refused', () => {
    expect(notTaken({ srcAddr: text('sip:alice@example.org>') })).toContain('refuse sender: "sip:alice@');
    expect(notTaken({ srcAddr: text('') })).toBe('refuse sender: ""');
    expect(notTaken({ srcAddr: text('sip:alice%4', true) })).toBe('refuse sender: "sip:alice%4"');
  });

  test("a To that was cut or can't be read gives way to the recipient's address", () => {
    for (const dstAddr of [text('sip:bob@example.or', true), text('bob'), text('')])
      expect(taken({ dstAddr })).toMatchObject({ dstAddr: 'sip:bob@example.org', repairs: ['to'] });
  });

  test('all of a header, as a script may have given it, is read', () => {
    expect(taken({ srcAddr: text('"A" <sip:alice@example.org>;tag=1') }).srcAddr).toBe(
      'sip:alice@example.org',
    );
  });
});

describe('the body', () => {
  test.each([
    ['bytes that are no UTF-8', Buffer.from([0x68, 0xff, 0x69])],
    ['a NUL', Buffer.from('a\0b')],
  ])('with %s is refused', (_, body) => {
    expect(notTaken({ body })).toBe('refuse text: 3 bytes');
  });

  test('too large for drachtio is refused, with its size and the limit', () => {
    expect(notTaken({ body: Buffer.alloc(20_000, 'x') })).toMatch(
      /^refuse size: Body and headers have 20\d+ bytes, at most \d+/,
    );
  });

  test('that says that somebody typed is skipped', () => {
    expect(notTaken({ contentType: text('application/im-iscomposing+xml') })).toBe(
      'skip liveOnly: Typing indications are not stored (RFC 3994).',
    );
    const wrapped = CPIM.replace('text/plain; charset=utf-8', 'application/im-iscomposing+xml');
    expect(notTaken({ body: Buffer.from(wrapped) })).toContain('skip liveOnly: Typing');
  });
});

describe('times', () => {
  test('what has expired is skipped', () => {
    expect(notTaken({ expTime: NOW })).toBe('skip expired: 2023-11-14T22:13:20.000Z');
  });

  test('a set time stays', () => {
    expect(taken({ sendTime: NOW + 30 })).toMatchObject({
      sendTime: NOW + 30,
      nextTime: NOW + 30,
      repairs: [],
    });
  });

  test('a reminder that msilo would purge before its time lives on from there', () => {
    expect(taken({ sendTime: NOW + 1000 })).toMatchObject({ expTime: NOW + 1120, repairs: ['reminder'] });
    expect(taken({ expTime: NOW - 10, sendTime: NOW + 1000 })).toMatchObject({ expTime: NOW + 1050 });
  });

  test('a row without times gets some', () => {
    expect(taken({ incTime: 0, expTime: 0 })).toMatchObject({
      incTime: NOW,
      expTime: NOW + 259_200,
      repairs: ['accepted', 'lifetime'],
    });
  });
});

describe('headers', () => {
  test('of one hop, and what is none, are left out and told', () => {
    const extraHeaders = text(
      'X-One: 1\r\n\r\nSecurity-Verify: x\r\nP-Charging-Vector: y\r\nS: folded\r\n here\r\nnonsense\r\n',
    );
    const judgement = judge(row({ extraHeaders }), SETTINGS, NOW);
    expect(judgement).toMatchObject({
      message: { headers: 'X-One: 1\r\nSubject: folded here\r\n' },
      repairs: [
        { kind: 'headers', found: expect.stringContaining('Security-Verify, P-Charging-Vector') as string },
      ],
    });
  });

  test('a Priority that a script had kept counts', () => {
    expect(taken({ extraHeaders: text('Priority: urgent\r\n') }).urgent).toBe(true);
  });

  test('a Call-ID that can not be sent is left out', () => {
    expect(taken({ callId: text('a\r\nb') }).callId).toBe('');
  });
});

test('whatever a row holds, it gets one judgement', () => {
  const anyText = fc.record({
    text: fc.option(fc.string({ unit: 'binary', maxLength: 40 }), { nil: undefined }),
    full: fc.boolean(),
  });
  const anyNumber = fc.integer({ min: -(2 ** 31), max: 2 ** 31 });
  const anyRow = fc.record({
    id: fc.nat(),
    srcAddr: anyText,
    dstAddr: anyText,
    username: anyText,
    domain: anyText,
    contentType: anyText,
    extraHeaders: anyText,
    callId: anyText,
    incTime: anyNumber,
    expTime: anyNumber,
    sendTime: anyNumber,
    body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(
      anyRow,
      fc.constantFrom({}, { domain: text('example.org'), srcAddr: text('sip:a@b') }),
      (any, some) => {
        expect(['take', 'skip', 'refuse']).toContain(judge({ ...any, ...some }, SETTINGS, NOW).verdict);
      },
    ),
  );
});
