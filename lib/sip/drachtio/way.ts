/**
 * The way to a device: Request-URI, Route set and next hop of a request of ours, computed here for all of them.
 *
 * drachtio-server refuses a Route header from an application, but makes headers of what stands behind the `?` of a
 * Request-URI. So the Route set travels there, and with the contact must fit into its start line.
 */
import { hostToAsk, isSecure, nextHopOf, type Location } from '../read/next-hop.ts';
import { parseNameAddr } from '../read/name-addr.ts';
import { bracketed, parseUri } from '../read/uri.ts';
import { MAX_START_LINE } from './frame.ts';
import type { Owner } from './messages.ts';
import { requestUriOf } from './request-uri.ts';

export interface Way {
  /** Request-URI, with the Route set as drachtio-server takes it. */
  readonly uri: string;
  /** Next hop as a full URI; undefined: the Request-URI, or a registered connection of its user and host. */
  readonly proxy: string | undefined;
  /** The next hop over TCP, where nothing says that it has UDP only; undefined: it is no choice. */
  readonly overTcp: string | undefined;
  /** Whoever named this next hop without being there, by his address; undefined: it is where the device's own request came from. */
  readonly namedBy: string | undefined;
  /** Whose device is at its end; undefined: nobody knows. */
  readonly owner?: Owner | undefined;
}

/** Why no request of ours can get to a device. */
export class Unreachable {
  readonly reason: string;
  /** The contact is of another scheme (`mailto:`): it may be registered, but it is nothing to send SIP to. */
  readonly foreign: boolean;
  constructor(reason: string, foreign = false) {
    this.reason = reason;
    this.foreign = foreign;
  }
}

/** What is left of a start line for the Request-URI; of the methods that go to devices MESSAGE is the longest. */
export const MAX_REQUEST_URI = MAX_START_LINE - 'MESSAGE  SIP/2.0'.length;

/** A Path entry becomes a line of a message: nothing in it may end that. */
const LINE_END = /[\p{Cc}\p{Surrogate}]/u;
/** What drachtio-server can't read in a URI that has escapes, too; it leaves the whole Route set out then. */
const UNESCAPED = /[^A-Za-z0-9\-_.!~*'():;=/+$[\],&?@%]|[[\]].*@/u;

/**
 * The way to a device.
 *
 * @param outboundProxy the operator's next hop for everything; '' for none
 * @param secure was it sent to a `sips:` address?
 */
export function wayTo(location: Location, outboundProxy = '', secure = false): Way | Unreachable {
  if (secure && !isSecure(location, outboundProxy))
    return new Unreachable(
      'It was sent to a sips: address, and the way to the device is not secure (RFC 5630).',
    );
  const { contact, path } = location;
  const uri = requestUriOf(contact);
  if (uri === undefined)
    return parseUri(contact) === undefined
      ? new Unreachable('The Contact is no SIP URI that can be sent to.', true)
      : new Unreachable('The Contact has a password that drachtio-server can not pass: leave it out.');
  const hop = nextHopOf(location);
  if (hop === undefined || !path.every(passes))
    return new Unreachable(
      'The Path can not be passed on: wanted is a list of <sip:host;lr> (RFC 3261 25.1).',
    );
  const whole = path.length === 0 ? uri : `${uri}?Route=${path.map(asUriHeader).join(',')}`;
  const bytes = Buffer.byteLength(whole);
  if (bytes > MAX_REQUEST_URI)
    return new Unreachable(
      `Contact${path.length === 0 ? ' takes' : ' and Path take'} ${bytes} bytes through drachtio-server, which passes ${MAX_REQUEST_URI}: make them shorter.`,
    );
  const proxy = outboundProxy === '' ? hop.proxy : outboundProxy;
  const namedBy = outboundProxy === '' ? namedByOther(location) : undefined;
  const { aor, source } = location;
  const owner = aor === undefined ? undefined : { aors: [aor], contact, source };
  return { uri: whole, proxy, overTcp: overTcp(location, proxy), namedBy, owner };
}

/**
 * A hop named without a transport may be asked over TCP (RFC 3261 18.1.1: it must have both). Where the device's request came from
 * through a NAT nothing listens, and what came over TCP goes back along that.
 */
function overTcp({ path, source, contact }: Location, proxy: string | undefined): string | undefined {
  const hop = parseUri(proxy ?? contact);
  const named = path.length > 0 || proxy === undefined;
  if (hop?.scheme !== 'sip' || !named || hop.params.has('transport') || source.protocol !== 'udp')
    return undefined;
  const maddr = hop.params.get('maddr') ?? hop.host;
  return `sip:${maddr}${hop.port === undefined ? '' : `:${hop.port}`};transport=tcp`;
}

/** Without a Path all goes back to where the request came from. A binding of a host app without a source is that app's affair. */
function namedByOther({ path, source }: Location): string | undefined {
  if (path.length === 0 || source.address === '') return undefined;
  return hostToAsk(parseNameAddr(path[0] ?? '')?.uri ?? '') === bracketed(source.address)
    ? undefined
    : source.address;
}

function passes(entry: string): boolean {
  const uri = parseNameAddr(entry)?.uri;
  return uri !== undefined && !LINE_END.test(entry) && !(uri.includes('%') && UNESCAPED.test(uri));
}

/** Shorter than `encodeURIComponent`, since room is scarce: what drachtio-server reads unescaped stays. */
function asUriHeader(entry: string): string {
  return entry.replace(/[^A-Za-z0-9\-_.!~*'():;=/+$[\]]/gu, encodeURIComponent);
}
