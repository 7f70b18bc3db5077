/** Whom an operator trusts. */
import { checkedList, networks } from '../../options/kinds.ts';
import { defineOptions, option, type GivenOf } from '../../options/option.ts';
import { telDomain } from '../../sip/options.ts';
import { faultOfServer } from '../lamp-rules.ts';

export type TrustOptions = GivenOf<typeof trustOptions>;

export const trustOptions = defineOptions('createTrust', {
  telDomain,
  trust: option(
    // Whoever wants that says it by its name, and gets the warning.
    networks.refine(
      (cidrs) => !cidrs.some((cidr) => /\/0+$/.test(cidr)),
      'a network of all addresses is everybody; wanted are the addresses of proxies, or SILO_OPEN=yes to serve everybody',
    ),
    [],
    'proxies and servers, a comma list of CIDRs, that are believed who asks, and whose Path and Record-Route are followed',
  ),
  local: option(
    networks,
    ['127.0.0.0/8', '::1/128'],
    'networks of this machine: they need not show that they listen before something is sent there',
    { inCode: true },
  ),
  publishers: option(
    checkedList('networks or local', faultOfServer),
    [],
    'networks, or `local`, whose servers may publish without a password, when they ask without a proxy between',
    { inCode: true },
  ),
});
