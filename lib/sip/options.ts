/** Options that are about SIP: whom a process serves, and the drachtio-server that it works with. */
import { flag, line, list, oneOf, text, whole } from '../options/kinds.ts';
import { defineOptions, option } from '../options/option.ts';
import { parseUri, readHost } from './read/uri.ts';

/** In the spelling that AoRs have; in another one they would match nobody. */
const hosts = list('domains')
  .refine(
    (names) => names.every((name) => readHost(name) !== undefined),
    'wanted are host names or addresses, without ports, with commas between',
  )
  .transform((names): readonly string[] => names.flatMap((name) => readHost(name) ?? []));

export const domains = option(hosts, [], 'served domains, a comma list; empty: every domain', {
  shared: true,
});

export const telDomain = option(
  text
    .refine(
      (name) => name === '' || readHost(name) !== undefined,
      'wanted is a host name or an address, without a port',
    )
    .transform((name) => readHost(name) ?? ''),
  '',
  'domain that `tel:` numbers belong to; empty: they are not stored',
  { shared: true },
);

export const ims = option(
  flag,
  false,
  "a third-party REGISTER is that of an IMS S-CSCF: what is sent to the user goes to the user's address, by way of the Contact",
  { shared: true },
);

export const drachtioOptions = defineOptions(
  'connectSrf',
  {
    host: option(line, '', 'drachtio-server; empty: the embedded SIP front end is started'),
    port: option(whole(1, 65_535), 9022, 'its admin port'),
    secret: option(text, 'cymru', 'its secret', { secret: true }),
    tls: option(
      oneOf(['auto', 'off', 'require', 'verify']),
      'auto',
      'TLS to its admin port: `verify`, `require` (encrypted, whoever answers), `off`; `auto`: `verify` as soon as there is `DRACHTIO_CA`',
    ),
    ca: option(line, '', 'PEM file with the CA of its certificate; empty: those that Node trusts'),
    maxUnanswered: option(
      whole(1),
      64,
      'requests of ours that it may have without an answer, of those of the last 30 ms; more with a larger buffer of its socket',
    ),
  },
  {
    prefix: 'drachtio',
    rules: [
      {
        check: ({ tls, ca, host }, { refuse }) => {
          if (tls === 'off' && ca !== '') refuse('tls', 'a CA is named, so wanted is verify, or no CA');
          const isWanted = tls === 'auto' ? ca !== '' : tls !== 'off';
          if (isWanted && host === '')
            refuse(
              'tls',
              'wanted is off for the embedded SIP front end; name a drachtio-server with DRACHTIO_HOST',
            );
          return {};
        },
      },
    ],
  },
);

/** A URI, or nothing. */
export const anyUri = text.refine(
  (uri) => uri === '' || parseUri(uri) !== undefined,
  'wanted is a URI such as sip:proxy.example.org',
);

/** Where requests can be sent, or nothing. */
export const hopUri = text.refine((text) => {
  const uri = parseUri(text);
  return text === '' || (uri !== undefined && uri.scheme !== 'tel' && uri.port !== 0);
}, 'wanted is a SIP URI such as sip:proxy.example.org, with a port from 1 to 65535 if it has one');
