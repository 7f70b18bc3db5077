import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SummaryError, parseSummary, type SummaryFault } from '../../../lib/mwi/summary/summary.ts';
import { RUNS, runs } from '../../support/runs.ts';
import { bodies, seed } from './bodies.ts';
import { apgOracle, exhaustiveOracle, type Oracle } from './oracle.ts';

/** What strict finds wrong first; the grammar can only know of faults of grammar. */
function faultOf(body: string): SummaryFault | undefined {
  try {
    parseSummary(body, { mode: 'strict' });
    return undefined;
  } catch (error) {
    if (error instanceof SummaryError) return error.fault;
    throw error;
  }
}

function compare(oracle: Oracle, numRuns: number): { accepted: number; refused: number; meaning: number } {
  const seen = { accepted: 0, refused: 0, meaning: 0 };
  fc.assert(
    fc.property(
      bodies.filter((body) => body !== ''),
      (body) => {
        const fault = faultOf(body);
        seen[fault === undefined ? 'accepted' : fault === 'meaning' ? 'meaning' : 'refused']++;
        return oracle(body) === (fault !== 'grammar');
      },
    ),
    { numRuns, seed },
  );
  return seen;
}

test(
  `strict accepts exactly what the ABNF accepts, over ${RUNS.toLocaleString('en')} generated and mutated bodies`,
  { timeout: 240_000 },
  () => {
    const seen = compare(exhaustiveOracle(), RUNS);
    expect(seen.accepted).toBeGreaterThan(RUNS / 4);
    expect(seen.refused).toBeGreaterThan(RUNS / 4);
    expect(seen.meaning).toBeGreaterThan(RUNS / 1000);
  },
);

test(
  'the grammar ordered for the parser has the language of the grammar as it is printed',
  { timeout: 240_000 },
  () => {
    const ordered = apgOracle();
    const printed = exhaustiveOracle();
    fc.assert(
      fc.property(bodies, (body) => {
        return ordered(body) === printed(body);
      }),
      { numRuns: runs(10_000), seed: seed + 1 },
    );
  },
);
