/** Options of the limits: values that no honest phone meets, nor an office of five hundred behind one address. */
import { flag, whole } from '../../options/kinds.ts';
import { defineOptions, option, type GivenOf, type SettingsOf } from '../../options/option.ts';
import { domains, telDomain } from '../../sip/options.ts';

export type LimitsOptions = GivenOf<typeof limitsOptions>;
export type LimitsSettings = SettingsOf<typeof limitsOptions>;

const limit = (preset: number, sentence: string) => option(whole(0), preset, `${sentence}; 0: no limit`);

export const limitsOptions = defineOptions(
  'createLimits',
  {
    domains,
    telDomain,
    limits: option(
      flag,
      true,
      'limit how much one source, sender or pair may ask; false: nobody is limited',
      {
        key: 'limits',
      },
    ),
    sourceRate: limit(300, 'requests a second of one source address (IPv6: of one /64) that is not trusted'),
    sourceBurst: option(
      whole(1),
      3_000,
      'requests of one source at once; those who prove no password may take half of them',
    ),
    senderRate: limit(50, 'requests a second of one sender'),
    senderBurst: option(whole(1), 500, 'requests of one sender at once'),
    pairRate: limit(20, 'requests a second of one sender to one address'),
    pairBurst: option(whole(1), 200, 'requests of one sender to one address at once'),
    domainRate: limit(0, 'requests a second to all addresses of one domain'),
    domainBurst: option(whole(1), 1_000, 'requests to one domain at once'),
    senderRecipients: limit(300, 'different addresses a minute that one sender writes to'),
    senderMessages: limit(1_200, 'messages a minute that are stored for one sender'),
    senderBytes: limit(10_000_000, 'bytes of bodies and headers a minute that are stored for one sender'),
    pairMessages: limit(600, 'messages a minute that are stored of one sender for one address'),
    domainMessages: limit(0, 'messages a minute that are stored for one domain'),
    domainBytes: limit(0, 'bytes a minute that are stored for one domain'),
  },
  { prefix: 'limit' },
);
