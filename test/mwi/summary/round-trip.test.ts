import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  SummaryError,
  formatSummary,
  parseSummary,
  type FormatOptions,
  type ParsedSummary,
  type Summary,
  type SummaryMode,
} from '../../../lib/mwi/summary/summary.ts';
import { runs } from '../../support/runs.ts';
import { bodies, seed, spelled, summaries } from './bodies.ts';

const MODES: readonly SummaryMode[] = ['strict', 'lenient', 'off'];
const WHOLE: FormatOptions = { urgent: 'given', video: true, messages: true };

const bare = ({ waiting, account, counts, messages }: Summary) => ({ waiting, account, counts, messages });

/** What was read, or nothing where the body was refused; any other error ends the test. */
function read(body: string | Uint8Array, mode: SummaryMode): ParsedSummary | undefined {
  try {
    return parseSummary(body, { mode });
  } catch (error) {
    if (error instanceof SummaryError) return undefined;
    throw error;
  }
}

test('what is written is read again as it was, by strict', () => {
  fc.assert(
    fc.property(summaries, (summary) => {
      expect(bare(parseSummary(formatSummary(summary, WHOLE), { mode: 'strict' }))).toEqual(bare(summary));
    }),
    { numRuns: runs(5_000), seed },
  );
});

test('with the default options it is read again without blocks and video, and with the urgent counts as zeros', () => {
  fc.assert(
    fc.property(summaries, (summary) => {
      const again = parseSummary(formatSummary(summary), { mode: 'strict' });
      const counts = new Map(
        [...summary.counts]
          .filter(([name]) => name !== 'Video-Message')
          .map(([name, pair]) => [name, { urgentNew: 0, urgentOld: 0, ...pair }]),
      );
      expect(bare(again)).toEqual({ ...bare(summary), counts, messages: [] });
    }),
    { numRuns: runs(2_000), seed },
  );
});

test('the same summary gives the same text, whatever the order of its counts', () => {
  fc.assert(
    fc.property(summaries, (summary) => {
      const turned = { ...summary, counts: new Map([...summary.counts].reverse()) };
      expect(formatSummary(turned, WHOLE)).toBe(formatSummary(summary, WHOLE));
    }),
    { numRuns: runs(1_000), seed },
  );
});

test('every legal spelling of a summary is read as that summary, by every mode and without repairs', () => {
  fc.assert(
    fc.property(spelled, fc.constantFrom(...MODES), ({ summary, body }, mode) => {
      const again = parseSummary(body, { mode });
      expect(bare(again)).toEqual(bare(summary));
      expect(again.repairs).toEqual([]);
    }),
    { numRuns: runs(10_000), seed },
  );
});

test(
  'lenient takes whatever strict takes, and off whatever lenient takes, with the same reading',
  { timeout: 120_000 },
  () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const [strict, lenient, off] = [read(body, 'strict'), read(body, 'lenient'), read(body, 'off')];
        if (strict !== undefined) {
          expect(lenient).toBeDefined();
          // The only repair of a legal body is to take strayed counts as such.
          if (lenient?.repairs.length === 0) expect(lenient).toEqual(strict);
          else
            expect(lenient?.repairs.every((sentence) => /behind an empty line|added up/.test(sentence))).toBe(
              true,
            );
        }
        if (lenient !== undefined) expect(off).toEqual(lenient);
        expect(off === undefined).toBe(body === '');
      }),
      { numRuns: runs(20_000), seed },
    );
  },
);

test('whatever was read, by whichever mode, is written so that strict reads the same', () => {
  fc.assert(
    fc.property(bodies, fc.constantFrom(...MODES), (body, mode) => {
      const summary = read(body, mode);
      // What was no UTF-8 can't be written; off lets it pass with a warning.
      if (summary === undefined || /[\ud800-\udfff\ufffd]/u.test(body)) return;
      expect(bare(parseSummary(formatSummary(summary, WHOLE), { mode: 'strict' }))).toEqual(bare(summary));
    }),
    { numRuns: runs(20_000), seed },
  );
});

test('no text and no bytes get anything out of it but a summary or its own error', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }));
  const behind = text.map((rest) => `Messages-Waiting: yes\r\n${rest}`);
  fc.assert(
    fc.property(fc.oneof(text, behind, bodies, fc.uint8Array({ maxLength: 80 })), (body) => {
      for (const mode of MODES) read(body, mode);
      if (body.length > 0) expect(read(body, 'off')).toBeDefined();
    }),
    { numRuns: runs(10_000), seed },
  );
});

test('hostile bodies of the largest size take no longer than honest ones', () => {
  const status = 'Messages-Waiting: yes';
  const much = (piece: string, room = 16_200) => piece.repeat(Math.floor(room / piece.length));
  const account = (uri: string) => `${status}\r\nMessage-Account: ${uri}\r\n`;
  const hostile = [
    status + much(' '),
    `${status}${much(' ')}x\r\n`,
    `Messages-Waiting:${much(' ')}\r\n`,
    `Messages-Waiting${much('\t')}`,
    `${status}\r\nNone: ${much('9')}/${much(' ', 100)}\r\n`,
    `${status}\r\nNone: 1/0${much(' ')}(\r\n`,
    `${status}\r\n\r\nx:${much(' \t')}\r\n\0`,
    `${status}\r\n\r\nx:${much(`\r\n${' '.repeat(30)}`)}\r\n\0`,
    account(`sip:${much('a')}\0`),
    account(`sip:${much('a.')}-`),
    account(`sip:${much('a-')}@[`),
    account(`sip:h${much(';transport=udp')}"`),
    account(`sip:h;a=[${much(';user=x')}]`),
    account(`sip:u@h?a=[${much('&a=b')}"`),
    account(`http://${much('a:b')}@[::1`),
    account(much('<')),
    account(`sip:${much('%')}`),
    account(`sip:${much('\u00e9')}`),
    `${status}\r\n${much(`x: ${'y'.repeat(30)}\r\n`)}`,
    `${status}\r\n${much(`x${' '.repeat(30)}\r\n`)}`,
  ];
  for (const body of hostile) {
    const start = performance.now();
    for (const mode of MODES) read(body, mode);
    expect(performance.now() - start, JSON.stringify(body.slice(0, 60))).toBeLessThan(5_000);
  }
});
