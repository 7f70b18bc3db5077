/** Options of the registrar. */
import { seconds, whole } from '../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../options/option.ts';
import { bounds } from '../options/rules.ts';
import { domains, ims, telDomain } from '../sip/options.ts';

export type RegistrarOptions = GivenOf<typeof registrarOptions>;

export const registrarOptions = defineOptions(
  'createRegistrar',
  {
    domains,
    telDomain,
    ims,
    minExpires: option(seconds(0), 60, 'shortest registration', { note: 'shorter ones get 423' }),
    maxExpires: option(seconds(1), 3_600, 'longest registration'),
    defaultExpires: option(seconds(1), 3_600, 'registration without Expires'),
    maxContacts: option(whole(1, 100), 10, 'contacts per AoR'),
  },
  { rules: [bounds('minExpires', 'defaultExpires', 'maxExpires')] },
);
