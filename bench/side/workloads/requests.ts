/** Requests at saturation: MESSAGEs for people who are away, and REGISTERs without mail. */
import type { MessageTable, Outcome, Workload } from '../model.ts';
import type { Loaded } from '../load/sipp.ts';
import { rateOf, times } from './figures.ts';

/** Different people who are written to. */
const PEOPLE = 5_000;

export const accept: Workload = {
  id: 'accept',
  title: 'accept, 200 open',
  unit: 'messages/s',
  run: async ({ running, sipp, sizes, measured }) => {
    await sipp.load({ ...messages('warm', sizes.warmUp), open: sizes.open });
    const loaded = await measured(() => sipp.load({ ...messages('away', sizes.requests), open: sizes.open }));
    return {
      figure: rateOf(loaded),
      count: sizes.requests,
      facts: await kept(running.table, 'away', loaded),
    };
  },
};

export const alone: Workload = {
  id: 'alone',
  title: 'accept, one sender at a time',
  unit: 'messages/s',
  run: async ({ running, sipp, sizes, measured }) => {
    await sipp.load({ ...messages('warm', sizes.warmUp), open: sizes.open });
    const loaded = await measured(() => sipp.load({ ...messages('away', sizes.alone), open: 1 }));
    return { figure: rateOf(loaded), count: sizes.alone, facts: await kept(running.table, 'away', loaded) };
  },
};

export const refresh: Workload = {
  id: 'refresh',
  title: 'REGISTER refresh, no mail',
  unit: 'registers/s',
  run: async ({ sipp, sizes, measured }) => {
    const each = Math.max(1, Math.round(sizes.requests / sizes.devices));
    const load = (repeat: number) => ({
      scenario: 'register',
      calls: sizes.devices,
      open: sizes.open,
      fields: times(sizes.devices, (index) => [`device${index}`]),
      // Nobody listens there: there is no mail.
      keys: { times: repeat, contact: 9 },
    });
    await sipp.load(load(each));
    const loaded = await measured(() => sipp.load(load(each)));
    const { failed, repeats } = loaded;
    return { figure: rateOf(loaded), count: sizes.devices * each, facts: { failed, repeats } };
  },
};

/** So many messages, to people whose names begin with `prefix`. */
export function messages(prefix: string, count: number) {
  return {
    scenario: 'message',
    calls: count,
    fields: times(Math.min(count, PEOPLE), (index) => [`${prefix}${index}`]),
  };
}

/** Compares what was answered with 202 with the rows that are there. */
export async function kept(
  table: MessageTable | undefined,
  prefix: string,
  { successful, refused, failed, repeats }: Loaded,
): Promise<Outcome['facts']> {
  const accepted = successful - refused;
  const seen = { accepted, refused, failed, repeats };
  if (!table) return seen;
  const texts = await table.texts(prefix);
  const rows = texts.length;
  // Not by Call-ID: a Kamailio keeps none unless told to.
  const calls = new Set(texts).size;
  // A message whose 202 did not reach its sender is in the table, too: surplus, but not lost and not doubled.
  return {
    ...seen,
    rows,
    lost: Math.max(0, accepted - calls),
    surplus: Math.max(0, calls - accepted),
    doubled: rows - calls,
  };
}
