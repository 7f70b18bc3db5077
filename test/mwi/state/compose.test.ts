/** How a mailbox's summary is composed of its sources. */
import { describe, expect, test } from 'vitest';
import { summaryOf, withAccount, type ComposeSettings } from '../../../lib/mwi/state/compose.ts';
import { MWI_DEFAULTS } from '../../../lib/mwi/request/options.ts';
import { formatSummary, MAX_COUNT } from '../../../lib/mwi/summary/summary.ts';
import type { MailboxState, Publication } from '../../../lib/stores/contract/mwi.ts';

let stamp = 0;
const published = (publisher: string, ...lines: string[]): Publication => ({
  tag: `tag-${++stamp}`,
  mailbox: 'bob@example.org',
  publisher,
  body: lines.map((line) => `${line}\r\n`).join(''),
  expires: 5000,
  stamp,
});
const state = (publications: readonly Publication[] = [], messages = 0, urgent = 0): MailboxState => ({
  mailbox: 'bob@example.org',
  publications,
  waiting: { messages, urgent },
});
const text = (of: MailboxState, settings: Partial<ComposeSettings> = {}) =>
  formatSummary(summaryOf(of, { ...MWI_DEFAULTS, ...settings }))
    .split('\r\n')
    .slice(0, -1);

const yes = 'Messages-Waiting: yes';
const no = 'Messages-Waiting: no';

test('a mailbox of which nothing is known says no', () => {
  expect(text(state())).toEqual([no]);
});

describe('several publishers', () => {
  const voice = published('vm', yes, 'Voice-Message: 1/2 (1/0)', 'Fax-Message: 0/1');
  const fax = published('fax', no, 'Fax-Message: 0/4 (0/1)');
  const both = state([voice, fax]);

  test('are added up class by class', () => {
    expect(text(both)).toEqual([yes, 'Voice-Message: 1/2 (1/0)', 'Fax-Message: 0/5 (0/1)']);
  });
  test('can be reduced to the latest', () => {
    expect(text(both, { compose: 'latest' })).toEqual([no, 'Fax-Message: 0/4 (0/1)']);
  });
  test('can be reduced to the weightiest, and to the latest where none is named', () => {
    expect(text(both, { compose: 'priority', priority: ['vm'] })[0]).toBe(yes);
    expect(text(both, { compose: 'priority', priority: ['other'] })[0]).toBe(no);
  });
  test('never exceed what may be sent', () => {
    const huge = published('huge', yes, `Voice-Message: ${MAX_COUNT}/0`);
    expect(text(state([voice, huge]))[1]).toBe(`Voice-Message: ${MAX_COUNT}/2 (1/0)`);
  });
  test('one that only waves its flag is heard', () => {
    expect(text(state([fax, published('flag', yes)]))).toEqual([yes, 'Fax-Message: 0/4 (0/1)']);
  });
});

describe('yes or no', () => {
  const contrary = [published('a', yes, 'Voice-Message: 0/3'), published('b', no, 'Voice-Message: 2/0')];
  test.each([
    ['either', yes, yes],
    ['counts', no, yes],
    ['flags', yes, no],
  ] as const)('by %s', (waiting, first, second) => {
    expect(contrary.map((one) => text(state([one]), { waiting })[0])).toEqual([first, second]);
    expect(text(state([published('c', yes)]), { waiting })[0]).toBe(yes);
  });
});

describe('the silo', () => {
  test.each([
    ['pager', ['Voice-Message: 1/0 (0/0)', 'Pager-Message: 3/0 (1/0)']],
    ['voice', ['Voice-Message: 4/0 (1/0)']],
    ['both', ['Voice-Message: 4/0 (1/0)', 'Pager-Message: 3/0 (1/0)']],
    ['off', ['Voice-Message: 1/0 (0/0)']],
  ] as const)('counts as %s', (showSilo, lines) => {
    const of = state([published('vm', yes, 'Voice-Message: 1/0')], 3, 1);
    expect(text(of, { showSilo })).toEqual([yes, ...lines]);
  });
  test('alone says yes, whatever the flags rule is, and no when it is off', () => {
    expect(text(state([], 1), { waiting: 'flags' })[0]).toBe(yes);
    expect(text(state([], 1), { showSilo: 'off' })).toEqual([no]);
  });
});

describe('the account', () => {
  const named = [
    published('vm', yes, 'Message-Account: sip:vm@example.org'),
    published('fax', yes, 'Message-Account: sip:fax@example.org'),
  ];
  const account = (of: MailboxState, settings: Partial<ComposeSettings> = {}) =>
    summaryOf(of, { ...MWI_DEFAULTS, ...settings }).account;

  test("is the mailbox's own, else that of the weightiest publisher, else none", () => {
    expect(account(state(named), { account: 'sip:{user}-box@{domain}' })).toBe('sip:bob-box@example.org');
    expect(account(state(named), { account: (box) => `sip:${box};x` })).toBe('sip:bob@example.org;x');
    expect(account(state(named), { account: () => undefined, priority: ['vm'] })).toBe('sip:vm@example.org');
    expect(account(state(named))).toBe('sip:fax@example.org');
    expect(account(state())).toBeUndefined();
  });
  test('is told to whoever subscribed under another name', () => {
    const plain = summaryOf(state(), MWI_DEFAULTS);
    expect(withAccount(plain, 'bob@example.org').account).toBe('sip:bob@example.org');
    expect(withAccount({ ...plain, account: 'sip:x@y' }, 'bob@example.org').account).toBe('sip:x@y');
  });
});

test('a stored body that cannot be read silences that one source only', () => {
  const broken = { ...published('old'), body: 'gibberish' };
  expect(text(state([broken, published('vm', yes, 'Voice-Message: 1/0')]))).toEqual([
    yes,
    'Voice-Message: 1/0 (0/0)',
  ]);
});
