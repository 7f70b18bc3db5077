import { describe, expect, test } from 'vitest';
import { SiloError } from '../../../lib/base/errors.ts';
import {
  SummaryError,
  parseSummary,
  type ContextClass,
  type Counts,
  type ParseOptions,
} from '../../../lib/mwi/summary/summary.ts';
import { errorOf, lines } from './support.ts';

const refusal = (body: string, options?: ParseOptions) => {
  const { line, column, wanted } = errorOf(() => parseSummary(body, options));
  return { line, column, wanted };
};

const strict = { mode: 'strict' } as const;

describe('reading', () => {
  test('every part of a body arrives', () => {
    const body = lines(
      'messages-waiting : YES',
      'MESSAGE-ACCOUNT: sip:erin@mail.example.net',
      'voice-message: 5/11 (1/3)',
      'Pager-Message\t:\t004 /',
      ' 1',
      '',
      'From: "Zoë" <sip:zoe@example.net>',
      'Subject: one',
      '\t two  three ',
      '',
      'X-Empty:',
    );
    expect(parseSummary(body, { mode: 'strict' })).toEqual({
      waiting: true,
      account: 'sip:erin@mail.example.net',
      counts: new Map<ContextClass, Counts>([
        ['Voice-Message', { new: 5, old: 11, urgentNew: 1, urgentOld: 3 }],
        ['Pager-Message', { new: 4, old: 1 }],
      ]),
      messages: [
        [
          { name: 'From', value: '"Zoë" <sip:zoe@example.net>' },
          { name: 'Subject', value: 'one two  three' },
        ],
        [{ name: 'X-Empty', value: '' }],
      ],
      repairs: [],
      warnings: [],
    });
  });

  test.each([undefined, null, 7, ['Messages-Waiting: yes'], { body: 'Messages-Waiting: yes' }])(
    'from plain JavaScript, %s is refused as no body',
    (body) => {
      for (const mode of ['strict', 'lenient', 'off'] as const) {
        const error = errorOf(() => parseSummary(body as never, { mode }));
        expect(error).toMatchObject({ fault: 'grammar', line: 1, column: 1, status: 400 });
        expect(error.wanted).toContain('as text or as bytes');
      }
    },
  );

  test('lenient is the default', () => {
    expect(parseSummary('Messages-Waiting: yes').waiting).toBe(true);
  });

  test.each<[string, string, string, ParseOptions?]>([
    ['a missing last line end', 'Messages-Waiting: yes', 'line 1: line end at the end of the body added'],
    ['bare line feeds', 'Messages-Waiting: yes\n', 'line 1: line end without carriage return completed'],
    ['empty lines first', '\r\n \r\nMessages-Waiting: yes\r\n', 'line 1: empty lines before the status line left out'],
    ['blanks at a line end', lines('Messages-Waiting: yes \t'), 'line 1: blanks at its end left out'],
    ['blanks behind counts', lines('Messages-Waiting: yes', 'None: 1/0 '), 'line 2: blanks at its end left out'],
    ['a blank fold', lines('Messages-Waiting: yes', ' ', 'None: 1/0'), 'line 1: blanks at its end left out'],
    ['blanks behind the account', lines('Messages-Waiting: yes', 'Message-Account: tel:1 '), 'line 2: blanks at its end left out'],
    ['an empty line at the end', lines('Messages-Waiting: yes', ''), 'line 3: empty lines at the end left out'],
    ['an empty line too many', lines('Messages-Waiting: yes', '', '', 'x: y'), 'line 3: further empty lines left out'],
    ['a class nobody registered', lines('Messages-Waiting: yes', 'Hologram-Message: 1/0'), 'line 2: a class that is not registered left out'],
    ['that class as None', lines('Messages-Waiting: yes', 'Hologram-Message: 1/0'), 'line 2: a class that is not registered counted as None', { unknownClass: 'none' }],
    ['a header without empty line', lines('Messages-Waiting: yes', 'From: sip:carol@example.net'), 'line 2: a header without an empty line before it left out'],
    ['a class twice', lines('Messages-Waiting: yes', 'None: 1/0', 'None: 2/1 (1/0)'), 'line 3: a further None line added up'],
    ['a count too large, clamped', lines('Messages-Waiting: yes', 'None: 4294967296/0'), 'line 2: a count above 4294967295 lowered to 4294967295', { excess: 'clamp' }],
    ['too many urgent, clamped', lines('Messages-Waiting: yes', 'None: 1/0 (2/0)'), 'line 2: more urgent messages than messages lowered to 1', { excess: 'clamp' }],
  ])('lenient mends %s and says so', (_, body, sentence, options) => {
    expect(parseSummary(body, options).repairs).toEqual([sentence]);
    expect(() => parseSummary(body, { ...options, mode: 'strict' })).toThrow(SummaryError);
  }); // prettier-ignore

  test.each([
    ['angle brackets', '<sip:erin@example.net>', 'sip:erin@example.net'],
    ['characters beyond ASCII', 'sip:zoë@example.net', 'sip:zo%C3%AB@example.net'],
    ['characters that no URI has', 'sip:a|b%@[c', 'sip:a%7Cb%25@%5Bc'],
  ])('lenient mends an account with %s', (_, written, account) => {
    const body = lines('Messages-Waiting: yes', `Message-Account: ${written}`);
    expect(parseSummary(body)).toMatchObject({ account, repairs: [expect.stringMatching(/^line 2: /)] });
    expect(() => parseSummary(body, { mode: 'strict' })).toThrow(SummaryError);
  });

  test.each([
    ['an account without scheme', 'Message-Account: jon@example.com', 'a SIP, SIPS or other absolute URI without angle brackets was wanted in column 18'],
    ['an empty account', 'Message-Account:', 'a SIP, SIPS or other absolute URI without angle brackets was wanted in column 17'],
    ['an account with a blank in it', 'Message-Account: sip:a b@c', 'a SIP, SIPS or other absolute URI without angle brackets was wanted in column 23'],
    ['an account that was no UTF-8', 'Message-Account: sip:j\ufffdn@example.com', 'UTF-8 was wanted in column 18'],
    ['one count', 'Voice-Message: 2', '"/" was wanted in column 17'],
    ['three counts', 'Voice-Message: 2/1/0', '"(" or the end of the line (CRLF) was wanted in column 19'],
    ['a negative count', 'Voice-Message: -1/0', 'a count was wanted in column 16'],
    ['a count in words', 'Voice-Message: two/one', 'a count was wanted in column 16'],
    ['urgent counts without parentheses', 'Voice-Message: 2/8 0/2', '"(" or the end of the line (CRLF) was wanted in column 20'],
    ['a count line that is too large and no count line', 'Voice-Message: 4294967296/x', 'a count was wanted in column 27'],
    ['a line that is none', 'no header', '":" was wanted in column 4'],
    ['a control character', 'X-Bell: \x07', 'text or the end of the line (CRLF) was wanted in column 9'],
  ])('lenient leaves out %s and says so: the state and the other counts stand', (_, line, why) => {
    const body = lines('Messages-Waiting: yes', line, 'Fax-Message: 1/0');
    expect(parseSummary(body)).toEqual({
      waiting: true,
      counts: new Map([['Fax-Message', { new: 1, old: 0 }]]),
      messages: [],
      repairs: [`line 2: left out, for ${why}`],
      warnings: [],
    });
    expect(() => parseSummary(body, { mode: 'strict' })).toThrow(SummaryError);
  }); // prettier-ignore

  test.each([
    ['"Voice Mail" <sip:555@as.example.com>', 'sip:555@as.example.com'],
    ['Voice Mail <sip:555@as.example.com>;x=y', 'sip:555@as.example.com'],
    ['<sip:555@as.example.com;user=phone>', 'sip:555@as.example.com;user=phone'],
  ])('lenient takes the URI of the account %s', (written, account) => {
    const repairs = ['line 2: what stands around the URI of the account left out'];
    const body = lines('Messages-Waiting: yes', `Message-Account: ${written}`);
    expect(parseSummary(body)).toMatchObject({ account, repairs });
  });

  test('lenient takes the first account that can be read', () => {
    const body = lines(
      'Messages-Waiting: yes',
      ...['jon', 'sip:a@example.net', 'sip:b@example.net'].map((uri) => `Message-Account: ${uri}`),
    );
    expect(parseSummary(body)).toMatchObject({
      account: 'sip:a@example.net',
      repairs: [expect.stringMatching(/^line 2: left out/), expect.stringMatching(/^line 4: left out/)],
    });
  });

  test('lenient leaves out headers of a message that can not be read, and those that were no UTF-8', () => {
    const body = lines('Messages-Waiting: yes', '', 'not a header', 'Subject: \ufffd', 'x: y');
    expect(parseSummary(body)).toMatchObject({
      messages: [[{ name: 'x', value: 'y' }]],
      repairs: [expect.stringMatching(/^line 3: left out/), expect.stringMatching(/^line 4: left out/)],
    });
  });

  test('lenient takes the state wherever it stands before the headers, and twice when it is the same', () => {
    const body = lines('{}', 'Voice-Message: 1/0', 'Messages-Waiting: no', 'messages-waiting: NO');
    expect(parseSummary(body)).toMatchObject({
      waiting: false,
      counts: new Map([['Voice-Message', { new: 1, old: 0 }]]),
      repairs: [
        expect.stringMatching(/^line 1: left out/),
        'line 3: the status line moved before the others',
        'line 4: a further status line left out',
      ],
    });
  });

  test('a state is derived only from counts that could all be read', () => {
    const body = lines('Voice-Message: one/0', 'Fax-Message: 0/1');
    expect(refusal(body, { deriveStatus: true })).toEqual({ line: 1, column: 16, wanted: 'a count' });
  });

  test('lenient takes an account behind the counts', () => {
    const body = lines('Messages-Waiting: yes', 'None: 1/0', 'Message-Account: tel:1');
    expect(parseSummary(body)).toMatchObject({
      account: 'tel:1',
      repairs: ['line 3: the account moved before the counts'],
    });
  });

  test('lenient adds up a class that comes twice, and stays within the limit', () => {
    const body = lines('Messages-Waiting: yes', 'None: 4294967295/1', 'None: 2/1 (1/0)');
    expect(parseSummary(body).counts.get('None')).toEqual({
      new: 4294967295,
      old: 2,
      urgentNew: 1,
      urgentOld: 0,
    });
  });

  test('counts behind an empty line are headers to strict, and counts to lenient where there are no others', () => {
    const body = lines(
      'Messages-Waiting: yes',
      '',
      'Message-Account: tel:1',
      'Voice-Message: 1/0',
      'From: x',
    );
    const asHeaders = parseSummary(body, { mode: 'strict' });
    expect(asHeaders.counts.size).toBe(0);
    expect(asHeaders.messages[0]).toHaveLength(3);
    expect(asHeaders.warnings).toEqual([
      'line 3: the account behind an empty line can only be read as a header',
      'line 4: counts behind an empty line can only be read as a header',
    ]);
    expect(parseSummary(body)).toMatchObject({
      account: 'tel:1',
      counts: new Map([['Voice-Message', { new: 1, old: 0 }]]),
      messages: [[{ name: 'From', value: 'x' }]],
    });
    const after = lines('Messages-Waiting: yes', 'None: 0/1', '', 'Voice-Message: 1/0');
    expect(parseSummary(after).counts.has('Voice-Message')).toBe(false);
  });

  test('counts behind an empty line that could not be counts stay headers, for no mode refuses them', () => {
    const body = lines('Messages-Waiting: yes', '', 'Voice-Message: 1/0 (2/0)', 'None: 4294967296/0');
    expect(parseSummary(body)).toEqual(parseSummary(body, { mode: 'strict' }));
    expect(parseSummary(body).messages[0]).toHaveLength(2);
  });

  test('a status line that is missing is derived only when asked for', () => {
    const body = lines('Message-Account: tel:1', 'Voice-Message: 0/3', 'Fax-Message: 1/0');
    expect(refusal(body)).toEqual({ line: 1, column: 1, wanted: '"Messages-Waiting"' });
    expect(parseSummary(body, { deriveStatus: true }).waiting).toBe(true);
    expect(parseSummary(lines('None: 0/3'), { deriveStatus: true }).waiting).toBe(false);
    expect(refusal(lines('Message-Waiting: yes'), { deriveStatus: true }).column).toBe(1);
    expect(refusal(body, { mode: 'strict', deriveStatus: true }).column).toBe(1);
  });

  test.each([
    ['"yes" without new messages', lines('Messages-Waiting: yes', 'None: 0/1'), /"yes", but no count is new/],
    [
      '"no" with new messages',
      lines('Messages-Waiting: no', 'None: 1/0'),
      /"no", but there are new messages/,
    ],
    ['Video-Message', lines('Messages-Waiting: yes', 'Video-Message: 1/0'), /RFC 3938/],
  ])('%s is accepted with a warning', (_, body, warning) => {
    for (const mode of ['strict', 'lenient'] as const) {
      const { warnings, repairs } = parseSummary(body, { mode });
      expect(warnings).toEqual([expect.stringMatching(warning)]);
      expect(repairs).toEqual([]);
    }
  });
});

describe('refusing', () => {
  test('the error names the line, the column, what was found and what was wanted', () => {
    const error = errorOf(() =>
      parseSummary(lines('Messages-Waiting: yes', 'Voice-Message: 2/8 0/2'), strict),
    );
    expect(error).toBeInstanceOf(SiloError);
    expect(error).toMatchObject({
      code: 'SILO_SIP_SYNTAX',
      status: 400,
      fault: 'grammar',
      line: 2,
      column: 20,
    });
    expect(error.message).toBe(
      'Message summary, line 2, column 20: found "0", wanted "(" or the end of the line (CRLF)',
    );
  });

  test.each<[string, number, number, string, ParseOptions?]>([
    ['Messages-Waiting: maybe\r\n', 1, 19, '"yes" or "no"'],
    ['Messages-Waiting= yes\r\n', 1, 17, '":"'],
    ['  Messages-Waiting: yes\r\n', 1, 1, '"Messages-Waiting"'],
    ['Messages-Waiting: yes\r\nVoice-Message: 1\r\n', 2, 17, '"/"', strict],
    ['Messages-Waiting: yes\r\nVoice-Message: one/two\r\n', 2, 16, 'a count', strict],
    ['Messages-Waiting: yes\r\nMessages-Waiting: no\r\n', 2, 1, 'the same status again'],
    ['Voice-Message: 1/0\r\nMessages-Waiting: maybe\r\n', 2, 19, '"yes" or "no"'],
    ['{}\r\nVoice-Message: 1/0\r\n', 1, 1, '"Messages-Waiting"'],
    ['{}\r\nMessages-Waiting: yes\r\n', 1, 1, '"Messages-Waiting"', strict],
    ['Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2\r\n', 2, 24, '")"', strict],
    ['Messages-Waiting: yes\r\nMessage-Account: sip:a b@c\r\n', 2, 23, 'a SIP, SIPS or other absolute URI without angle brackets', strict],
    ['Messages-Waiting: yes\r\n\r\nnot a header\r\n', 3, 5, '":"', strict],
    ['Messages-Waiting: yes\r\n\r\nx: \0\r\n', 3, 4, 'text or the end of the line (CRLF)', strict],
    ['Messages-Waiting: yes\r\nNone: 0/0 (0/1)\r\n', 2, 14, 'at most 0'],
    ['Messages-Waiting: yes', 1, 22, 'the end of the line (CRLF)', strict],
    ['Messages-Waiting: yes\n', 1, 22, 'the end of the line (CRLF)', strict],
    ['Messages-Waiting: yes\r\n\r\n', 3, 1, 'a header', strict],
    ['Messages-Waiting: yes\r\nFrom: x\r\n', 2, 1, '"Message-Account", a context class, an empty line or the end of the body', strict],
    ['Messages-Waiting: yes\r\nNone: 1/0\r\nNone: 1/0\r\n', 3, 1, 'each class once', strict],
  ])('%j is wrong in line %i, column %i', (body, line, column, wanted, options) => {
    expect(refusal(body, options)).toEqual({ line, column, wanted });
  }); // prettier-ignore

  test('of several faults of meaning the first is named', () => {
    const body = lines('Messages-Waiting: yes', 'None: 1/0 (2/0)', 'Fax-Message: 1/0 (2/0)');
    expect(errorOf(() => parseSummary(body))).toMatchObject({ fault: 'meaning', line: 2 });
  });

  test('a fault of grammar goes before one of meaning', () => {
    const error = errorOf(() =>
      parseSummary('Messages-Waiting: yes\r\nNone: 1/0 (2/0)\r\nNone: x\r\n', strict),
    );
    expect(error).toMatchObject({ fault: 'grammar', line: 3 });
  });

  test.each(['strict', 'lenient', 'off'] as const)(
    'an empty body is never a state, in %s neither',
    (mode) => {
      expect(errorOf(() => parseSummary('', { mode })).message).toContain('an empty body is no state');
    },
  );

  test.each(['strict', 'lenient', 'off'] as const)(
    'a body too long or of too many lines is refused with 413, in %s',
    (mode) => {
      const status = 'Messages-Waiting: yes\r\n';
      const long = `${status}\r\nx: ${'y'.repeat(16_384)}\r\n`;
      expect(errorOf(() => parseSummary(long, { mode }))).toMatchObject({ fault: 'size', status: 413 });
      expect(errorOf(() => parseSummary(Buffer.from(long), { mode }))).toMatchObject({
        fault: 'size',
        status: 413,
      });
      const many = (count: number) => `${status}\r\n${'x:\r\n'.repeat(count - 2)}`;
      expect(parseSummary(many(512), { mode }).messages[0]).toHaveLength(510);
      expect(errorOf(() => parseSummary(many(513), { mode }))).toMatchObject({ fault: 'size', line: 513 });
    },
  );

  test('the error shows one character of the body at most', () => {
    const { message } = errorOf(() => parseSummary(lines('secret secret')));
    expect(message).not.toContain('secret');
  });
});

describe('off', () => {
  const off = (body: string) => parseSummary(body, { mode: 'off' });

  test('what can be read is read, and the rest left out with a sentence each', () => {
    const body = lines(
      'Messages-Waiting: yes',
      'Voice-Message: 2/8 0/2',
      '{}',
      'Fax-Message: 1/0 (2/0)',
      '',
      'no header',
      'x: y',
    );
    expect(off(body)).toEqual({
      waiting: true,
      counts: new Map([['Fax-Message', { new: 1, old: 0, urgentNew: 1, urgentOld: 0 }]]),
      messages: [[{ name: 'x', value: 'y' }]],
      repairs: [
        'line 2: left out, for "(" or the end of the line (CRLF) was wanted in column 20',
        'line 3: left out, for "Message-Account", a context class, an empty line or the end of the body was wanted in column 1',
        'line 4: more urgent messages than messages lowered to 1',
        'line 6: left out, for ":" was wanted in column 4',
      ],
      warnings: [],
    });
  });

  test('a status that comes late is taken, one that is missing derived', () => {
    expect(off(lines('Voice-Message: 1/0', 'Messages-Waiting: no')).waiting).toBe(false);
    expect(off(lines('Voice-Message: 1/0')).waiting).toBe(true);
    expect(off(lines('Messages-Waiting: maybe', 'Voice-Message: 1/0')).waiting).toBe(true);
    expect(off('{"waiting":true}').waiting).toBe(false);
  });
});
