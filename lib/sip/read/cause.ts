/** Why a proxy in front hands a request on to us. */
import { parseUri } from './uri.ts';

/**
 * The SIP status with which the proxy's own attempt ended: `cause` in the Request-URI, as it tells a voicemail server
 * (RFC 4458 2). Undefined when there was none.
 */
export function causeOf(uri: string): number | undefined {
  const cause = parseUri(uri)?.params.get('cause') ?? '';
  return /^[3-6]\d\d$/.test(cause) ? Number(cause) : undefined;
}
