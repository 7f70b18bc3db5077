/** Options of a store. */
import { epochSeconds } from '../base/clock.ts';
import { callback, milliseconds, text, whole } from '../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../options/option.ts';

export type StoreOptions = Omit<GivenOf<typeof storeOptions>, 'url'>;

export const storeOptions = defineOptions(
  'openStore',
  {
    url: option(
      text,
      'sqlite:./silo.db',
      '`sqlite:<path>`, `sqlite::memory:` or `mysql://user:password@host:port/database`, several hosts with commas between',
      { key: 'store', secret: true },
    ),
    now: option(callback<() => number>(), epochSeconds, 'clock in epoch seconds', { inCode: true }),
    connections: option(whole(1, 10_000), 10, 'MySQL: connections in the pool', { inCode: true }),
    queryTimeout: option(milliseconds(1), 5_000, 'MySQL: a query counts as failed after this', {
      inCode: true,
    }),
  },
  { prefix: 'store' },
);
