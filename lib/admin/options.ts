/** Options of what is served by HTTP: loopback and a token, unless told otherwise. */
import { checkedList, line } from '../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../options/option.ts';
import { isOnLoopback, parseListen, USUAL_LISTEN } from './http/address.ts';

export type AdminOptions = GivenOf<typeof adminOptions>;

/** What a Bearer token may be made of (RFC 6750 2.1); what is shorter can be guessed. */
const TOKEN = /^[\w.~+/-]{16,512}=*$/;
/** A name as it stands in Host. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i;

export const adminOptions = defineOptions(
  'createAdmin',
  {
    listen: option(
      line.refine(
        (value) => value === '' || value === 'off' || parseListen(value) !== undefined,
        `wanted is off, or an address and a port such as ${USUAL_LISTEN} or [::1]:0`,
      ),
      '',
      'address of health, metrics, API and page by HTTP; `off`: none',
      { shown: `\`${USUAL_LISTEN}\`, and any free port while that one is taken` },
    ),
    token: option(
      line.refine(
        (value) => value === '' || TOKEN.test(value),
        'wanted are 16 to 512 letters, digits and -._~+/',
      ),
      '',
      'what whoever asks by HTTP must know: a Bearer token, and the password of the page',
      { secret: true, shown: 'made at each start' },
    ),
    hosts: option(
      checkedList('names such as silo.example.org', (entry) =>
        NAME.test(entry)
          ? undefined
          : `"${entry}" is no host name; wanted are names such as silo.example.org`,
      ),
      [],
      'names under which browsers may ask for the page, besides localhost and addresses',
    ),
  },
  {
    prefix: 'http',
    rules: [
      {
        check: ({ listen, token }, { nameOf, refuse }) => {
          const address = parseListen(listen);
          if (token === '' && address !== undefined && !isOnLoopback(address))
            refuse(
              'listen',
              `strangers can reach that address, so wanted is a ${nameOf('token')} of your own beside it, ` +
                `or an address of this machine alone, such as ${USUAL_LISTEN}`,
            );
          return {};
        },
      },
    ],
  },
);
