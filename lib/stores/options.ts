/** Options of a store. */
import { epochSeconds } from '../base/clock.ts';
import { callback, line, milliseconds, oneOf, text, whole } from '../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../options/option.ts';
import { whyNoKeys } from './shared/body-keys.ts';

export type StoreOptions = Omit<GivenOf<typeof storeOptions>, 'url'>;

/** The same words as parameters of the URL. */
const tls = {
  tls: option(
    oneOf(['auto', 'off', 'require', 'verify']),
    'auto',
    'TLS to MySQL or MariaDB: `verify`, `require` (encrypted, whoever answers), `off`; `auto`: `verify` as soon as one of the three files is named',
  ),
  ca: option(line, '', 'PEM file with the CA of the database; empty: those that Node trusts'),
  cert: option(line, '', 'PEM file with our certificate for the database'),
  key: option(line, '', 'PEM file with its key'),
  tlsMin: option(oneOf(['TLSv1.2', 'TLSv1.3']), 'TLSv1.2', 'oldest version of TLS to the database'),
};

/** What the URL of a database can say, too. */
export const tlsOptions = defineOptions('openStore', tls);
export type TlsOptions = GivenOf<typeof tlsOptions>;

export const storeOptions = defineOptions(
  'openStore',
  {
    url: option(
      text,
      'sqlite:./silo.db',
      '`sqlite:<path>`, `sqlite::memory:` or `mysql://user:password@host:port/database`, several hosts with commas between',
      { key: 'store', secret: true },
    ),
    ...tls,
    bodyKey: option(
      text.superRefine((value, context) => {
        const message = whyNoKeys(value);
        if (message !== undefined) context.addIssue({ code: 'custom', message });
      }),
      '',
      'keys of the bodies in the store, as `<id>:<base64 of 32 bytes>`; the first encrypts, the others still decrypt; empty: not encrypted',
      { key: 'bodyKey', secret: true },
    ),
    now: option(callback<() => number>(), epochSeconds, 'clock in epoch seconds', { inCode: true }),
    connections: option(whole(1, 10_000), 10, 'MySQL: connections in the pool', { inCode: true }),
    queryTimeout: option(milliseconds(1), 5_000, 'MySQL: a query counts as failed after this', {
      inCode: true,
    }),
  },
  { prefix: 'store' },
);
