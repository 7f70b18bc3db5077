/** Options of the embedded front end. */
import { z } from 'zod';
import { text, whole } from '../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../options/option.ts';
import { CROWD_LIMITS, type CrowdLimits } from './network/crowd.ts';
import type { Faults } from './network/faults.ts';
import type { Timers } from './network/timers.ts';
import { isAddress } from './text/address.ts';

export type FrontEndOptions = GivenOf<typeof frontEndOptions>;

const addresses = text.refine(
  (value) => value.split(',').every(isAddress),
  'wanted are addresses such as 127.0.0.1:5060 or [::1]:5060, with commas between',
);
const address = text.refine(isAddress, 'wanted is an address such as 127.0.0.1:0');
const some = <Values extends object>() =>
  z.custom<Partial<Values>>((value) => typeof value === 'object' && value !== null, 'wanted is an object');

const limits: z.ZodType<CrowdLimits> = z.strictObject({ all: whole(1), perHost: whole(1) });

export const frontEndOptions = defineOptions(
  'startFrontEnd',
  {
    /** Port 0 picks a free one; UDP and TCP share the number. */
    listen: option(addresses, '127.0.0.1:5060', 'address of the embedded SIP front end, UDP and TCP'),
    admin: option(address, '127.0.0.1:0', "address for apps, in drachtio's wire protocol", { inCode: true }),
    secret: option(text, 'cymru', 'what apps authenticate with', { secret: true, inCode: true }),
    faults: option(some<Faults>(), {}, 'misbehaviour for tests', { inCode: true }),
    limits: option(limits, CROWD_LIMITS, 'TCP connections at a time, in all and from one address', {
      inCode: true,
    }),
    timers: option(some<Timers>(), {}, 'durations that differ from the defaults, ms', { inCode: true }),
  },
  { prefix: 'sip' },
);
