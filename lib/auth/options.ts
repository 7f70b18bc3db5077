/** Options of authentication. */
import { ALGORITHMS, type Algorithm } from './digest/algorithms.ts';
import { listWhere, line, oneOf, orCallback, seconds } from '../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../options/option.ts';
import { domains, telDomain } from '../sip/options.ts';
import type { FindUser } from './users/find.ts';

export type AuthOptions = GivenOf<typeof authOptions>;

/** By their names in a challenge; the option has them in lower case. */
export function algorithmsOf(names: readonly string[]): readonly Algorithm[] {
  return names.flatMap((name) => ALGORITHMS.find((algorithm) => algorithm.toLowerCase() === name) ?? []);
}

export const authOptions = defineOptions(
  'createAuth',
  {
    domains,
    telDomain,
    mode: option(
      oneOf(['auto', 'on', 'off']),
      'auto',
      'are users asked for a password? `auto`: as soon as there is a user, or a hop is trusted; `off` with `SILO_TRUST`: its hops alone are served',
      { key: 'auth' },
    ),
    realm: option(
      line.refine(
        (realm) => !/["\\]/.test(realm),
        'wanted is one line of text without quotes and backslashes',
      ),
      '',
      'realm of the challenges; empty: the domain of the user who asks',
      { key: 'realm' },
    ),
    users: option<string | FindUser>(
      orCallback<string | FindUser>(
        line.refine((users) => /^(?:store|file:.+)$/.test(users), 'wanted is store or file:<path>'),
      ),
      'store',
      'where users are: `store` (its table `subscriber`), or `file:<path>` with lines `user:realm:digest`',
      { key: 'users' },
    ),
    algorithms: option(
      listWhere('algorithms such as SHA-256,MD5', (name) => algorithmsOf([name]).length > 0).refine(
        (names) => names.length > 0,
        'wanted is at least one of SHA-256 and MD5',
      ),
      ['sha-256', 'md5'],
      'what is offered, in this order; `md5,sha-256` for phones that read the first challenge only and know no other',
    ),
    nonceTime: option(
      seconds(10, 86_400),
      3_600,
      'a phone may use a challenge again for so long, without being asked anew',
    ),
    cacheTime: option(
      seconds(0, 3_600),
      60,
      'a user is looked up again after this: an old password, or a removed user, is good until then',
    ),
  },
  { prefix: 'auth' },
);
