/** Options of a node that is several processes (lib/workers/). */
import { z } from 'zod';
import { defineOptions, option } from '../options/option.ts';

/** More than any machine that this was thought of for; each has its connections to the database. */
export const MOST_WORKERS = 64;

const wanted = `wanted is auto, or a whole number from 1 to ${MOST_WORKERS}`;
const count: z.ZodType<number | 'auto'> = z.custom<number | 'auto'>().transform((value, context) => {
  const number = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : value;
  if (number === 'auto' || (Number.isInteger(number) && number >= 1 && number <= MOST_WORKERS)) return number;
  context.addIssue({ code: 'custom', message: wanted });
  return z.NEVER;
});

export const workersOptions = defineOptions('startService', {
  workers: option(
    count,
    1,
    'processes that serve as one: a number, or `auto` for one per processor; more than 1 needs MySQL or MariaDB',
  ),
});
