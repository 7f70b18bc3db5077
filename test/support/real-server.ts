/**
 * A real drachtio-server for the tests that can run against either: named by `SILO_CONFORMANCE_SIP`,
 * `SILO_CONFORMANCE_ADMIN` (host:port) and `SILO_CONFORMANCE_SECRET`. Without them the embedded front end is used.
 */
interface Address {
  readonly host: string;
  readonly port: number;
}

export interface RealServer {
  readonly sip: Address;
  readonly admin: Address;
  readonly secret: string;
}

export const realServer = named();

function named(): RealServer | undefined {
  const { SILO_CONFORMANCE_SIP, SILO_CONFORMANCE_ADMIN, SILO_CONFORMANCE_SECRET } = process.env;
  if (SILO_CONFORMANCE_SIP === undefined || SILO_CONFORMANCE_ADMIN === undefined) return undefined;
  return {
    sip: addressOf(SILO_CONFORMANCE_SIP),
    admin: addressOf(SILO_CONFORMANCE_ADMIN),
    secret: SILO_CONFORMANCE_SECRET ?? 'cymru',
  };
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
