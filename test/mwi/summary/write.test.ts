import { describe, expect, test } from 'vitest';
import {
  formatSummary,
  parseSummary,
  type ContextClass,
  type Counts,
  type Summary,
} from '../../../lib/mwi/summary/summary.ts';
import { errorOf, lines } from './support.ts';

describe('writing', () => {
  const summary: Summary = {
    waiting: true,
    account: 'sip:erin@example.net',
    counts: new Map<ContextClass, Counts>([
      ['Video-Message', { new: 1, old: 0 }],
      ['Pager-Message', { new: 4, old: 1, urgentNew: 1, urgentOld: 0 }],
      ['Voice-Message', { new: 2, old: 8 }],
    ]),
    messages: [[], [{ name: 'Subject', value: ' café ' }]],
  };

  test('the canonical form has its capitals, its order, its urgent pairs and no header blocks', () => {
    expect(formatSummary(summary)).toBe(
      lines(
        'Messages-Waiting: yes',
        'Message-Account: sip:erin@example.net',
        'Voice-Message: 2/8 (0/0)',
        'Pager-Message: 4/1 (1/0)',
      ),
    );
    expect(formatSummary({ waiting: false, counts: new Map(), messages: [] })).toBe(
      lines('Messages-Waiting: no'),
    );
  });

  test('the options change what they say', () => {
    expect(formatSummary(summary, { urgent: 'never' })).toContain('Pager-Message: 4/1\r\n');
    expect(formatSummary(summary, { urgent: 'given' })).toContain(
      'Voice-Message: 2/8\r\nPager-Message: 4/1 (1/0)\r\n',
    );
    expect(formatSummary(summary, { video: true })).toContain('Video-Message: 1/0 (0/0)\r\n');
    expect(formatSummary(summary, { messages: true })).toMatch(/\(1\/0\)\r\n\r\nSubject: café\r\n$/);
    expect(formatSummary(summary, { emptyLineAtEnd: true })).toMatch(/\(1\/0\)\r\n\r\n$/);
  });

  test('what lenient mended is written as strict wants it', () => {
    const sent = '\nmessages-waiting:yes \nfax-message:1/0\nMessage-Account: <sip:zoë@example.net>';
    expect(formatSummary(parseSummary(sent))).toBe(
      lines('Messages-Waiting: yes', 'Message-Account: sip:zo%C3%AB@example.net', 'Fax-Message: 1/0 (0/0)'),
    );
  });

  test('a count above the limit is written as the limit', () => {
    const counts = new Map<ContextClass, Counts>([['None', { new: Infinity, old: 2 ** 40 }]]);
    expect(formatSummary({ waiting: true, counts, messages: [] })).toContain(
      'None: 4294967295/4294967295 (0/0)',
    );
  });

  const none = (counts: Counts) => ({ counts: new Map<ContextClass, Counts>([['None', counts]]) });
  test.each<[string, Partial<Summary>, number, number]>([
    ['a negative count', none({ new: -1, old: 0 }), 2, 7],
    ['half a message', none({ new: 0.5, old: 0 }), 2, 7],
    ['no number', none({ new: 0, old: Number.NaN }), 2, 7],
    ['more urgent than all', none({ new: 1, old: 0, urgentNew: 2, urgentOld: 0 }), 2, 7],
    [
      'a class that is none',
      { counts: new Map([['voice-message' as ContextClass, { new: 1, old: 0 }]]) },
      2,
      16,
    ],
    ['an account that is none', { account: 'erin' }, 2, 18],
    ['an account with a line end', { account: 'sip:a\r\nx' }, 2, 18],
    ['an account that is broken text', { account: 'sip:\ud800' }, 2, 18],
    ['a header name that is none', { messages: [[{ name: 'a b', value: '' }]] }, 3, 6],
    ['a header value with a line end', { messages: [[{ name: 'a', value: 'x\r\ny: z' }]] }, 3, 4],
  ])('%s is refused, with its place in the text to be', (_, part, line, column) => {
    const wrong = { waiting: true, counts: new Map(), messages: [], ...part };
    expect(errorOf(() => formatSummary(wrong, { messages: true }))).toMatchObject({
      fault: 'meaning',
      line,
      column,
    });
  });

  const nothing = { counts: new Map(), messages: [] };
  test.each<[string, unknown, string]>([
    ['a text for yes or no', { ...nothing, waiting: 'no' }, 'a value of type string as waiting'],
    ['nothing for yes or no', nothing, 'undefined as waiting'],
    ['nothing for a summary', undefined, 'undefined'],
    [
      'an object for the counts',
      { waiting: true, counts: { 'Voice-Message': {} } },
      'a value of type object as counts',
    ],
    [
      'a number for counts',
      { waiting: true, counts: new Map([['None', 3]]) },
      'a value of type number as the counts of None',
    ],
    [
      'a number for the account',
      { ...nothing, waiting: true, account: 97 },
      'a value of type number as account',
    ],
    [
      'no list for the headers',
      { waiting: true, counts: new Map(), messages: 'x' },
      'a value of type string as messages',
    ],
  ])('from plain JavaScript, %s is refused with a sentence', (_, wrong, found) => {
    const error = errorOf(() => formatSummary(wrong as Summary, { messages: true }));
    expect(error.message).toContain(`found ${found}, wanted `);
  });
});
