/** The examples of the study of message-summary bodies: V are valid, X invalid, each with its verdict. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SummaryError, parseSummary, type SummaryMode } from '../../../lib/mwi/summary/summary.ts';
import { apgOracle, exhaustiveOracle } from './oracle.ts';

interface Example {
  readonly id: string;
  readonly what: string;
  readonly body: string;
  /** The bytes, where they are no UTF-8. */
  readonly base64?: string;
  readonly bytes: number;
  readonly strict: 'accept' | 'refuse';
  readonly lenient: 'accept' | 'refuse';
  readonly fault?: 'grammar' | 'meaning';
}

const study = JSON.parse(
  readFileSync(new URL('../../fixtures/message-summary/study.json', import.meta.url), 'utf8'),
) as readonly Example[];

const bytesOf = ({ base64, body }: Example) =>
  base64 === undefined ? Buffer.from(body) : Buffer.from(base64, 'base64');

const oracles = [apgOracle(), exhaustiveOracle()];

function verdict(body: string | Uint8Array, mode: SummaryMode): string {
  try {
    const { repairs } = parseSummary(body, { mode });
    return repairs.length > 0 ? 'accept, mended' : 'accept';
  } catch (error) {
    if (error instanceof SummaryError) return `refuse, ${error.fault}`;
    throw error;
  }
}

test('the study has 18 valid and 31 invalid examples, of the length that it says', () => {
  expect(study.filter(({ id }) => id.startsWith('V'))).toHaveLength(18);
  expect(study.filter(({ id }) => id.startsWith('X'))).toHaveLength(31);
  for (const example of study)
    expect([example.id, bytesOf(example).length]).toEqual([example.id, example.bytes]);
});

describe.each(study)('$id, $what', (example) => {
  // Bytes that are no UTF-8 come as U+FFFD where somebody else decoded them; the loss is all that can be seen then.
  const fault = example.base64 === undefined ? example.fault : 'meaning';

  test(`strict: ${example.strict}`, () => {
    const wanted = example.strict === 'accept' ? 'accept' : `refuse, ${fault}`;
    expect(verdict(example.body, 'strict')).toBe(wanted);
    expect(verdict(bytesOf(example), 'strict')).toBe(wanted);
  });

  test(`lenient: ${example.lenient}`, () => {
    const accepted = example.strict === 'accept' ? 'accept' : 'accept, mended';
    const wanted = example.lenient === 'accept' ? accepted : `refuse, ${fault}`;
    expect(verdict(example.body, 'lenient')).toBe(wanted);
    expect(verdict(bytesOf(example), 'lenient')).toBe(wanted);
  });

  test(`off: ${example.body === '' ? 'refuse' : 'accept'}`, () => {
    expect(verdict(example.body, 'off').slice(0, 6)).toBe(example.body === '' ? 'refuse' : 'accept');
  });

  test('the oracles of the grammar say the same', () => {
    for (const oracle of oracles) expect(oracle(example.body)).toBe(fault !== 'grammar');
  });
});
