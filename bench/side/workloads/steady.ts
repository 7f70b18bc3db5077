/** At a rate that does not depend on the answers: half of what saturates, and twice as much. */
import type { Ground, Workload } from '../model.ts';
import { quantile, rateOf } from './figures.ts';
import { kept, messages } from './requests.ts';

export const latency: Workload = {
  id: 'latency',
  title: 'accept at half load, p99',
  unit: 'ms',
  lower: true,
  run: async (ground) => {
    const { loaded, count, facts } = await atPartOf(ground, 0.5);
    const took = loaded.answers.map((answer) => answer.took);
    return {
      figure: quantile(took, 0.99),
      count,
      facts: { ...facts, p50: quantile(took, 0.5), p99: quantile(took, 0.99) },
    };
  },
};

export const overload: Workload = {
  id: 'overload',
  title: 'accept at twice saturation',
  unit: 'messages/s',
  run: async (ground) => {
    const { loaded, count, facts } = await atPartOf(ground, 2);
    const took = loaded.answers.map((answer) => answer.took);
    // With those that were refused: they are to be told early.
    return {
      figure: rateOf(loaded),
      count,
      facts: { ...facts, p50: quantile(took, 0.5), p99: quantile(took, 0.99) },
    };
  },
};

/** Sends at this part of the rate that it has just reached with all it could take. */
async function atPartOf({ running, sipp, sizes, measured }: Ground, part: number) {
  const full = rateOf(await sipp.load({ ...messages('warm', sizes.warmUp), open: sizes.open }));
  const rate = Math.max(10, full * part);
  const count = Math.max(2, Math.round(rate * sizes.seconds));
  const loaded = await measured(() => sipp.load({ ...messages('away', count), rate }));
  return { loaded, count, facts: { ...(await kept(running.table, 'away', loaded)), rate } };
}
