/** A look at a drachtio-server, as the application would connect to it: for those who ask what is wrong. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SiloError, textOf } from '../../base/errors.ts';
import { connectSrf, createSrf, disconnectSrf, type DrachtioAddress } from '../../sip/drachtio/connect.ts';
import type { SrfAtRunTime } from '../../sip/drachtio/srf.ts';

export interface ServerFacts {
  /** SIP addresses: `udp/192.0.2.1:5060`. */
  readonly addresses: readonly string[];
  /** `v0.9.10`; '' where it says none. */
  readonly version: string;
}

/**
 * It wants no requests while it looks.
 * @throws SiloError `SILO_SIP_SEND` when nobody answers within the limit, `SILO_CONFIG` when the secret is wrong
 */
export async function lookAtServer(address: DrachtioAddress, limit: number): Promise<ServerFacts> {
  const { host, port } = address;
  const unreached = (why: string) =>
    new SiloError('SILO_SIP_SEND', `drachtio-server at ${host}:${port} can't be reached (${why}).`);
  // First without drachtio-srf, which would try on for ever.
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(limit) });
  } catch (error) {
    throw unreached(error instanceof Error && error.name === 'AbortError' ? 'no answer' : textOf(error));
  } finally {
    socket.destroy();
  }
  const srf = createSrf();
  let version = '';
  (srf as unknown as SrfAtRunTime).on('connect', (_error, _hostports, said) => {
    version = typeof said === 'string' ? said : '';
  });
  const late = new AbortController();
  try {
    const addresses = await Promise.race([
      connectSrf(srf, address),
      sleep(limit, undefined, { signal: late.signal }).then(() => {
        throw unreached(`something is there, but no answer of a drachtio-server within ${limit / 1000} s`);
      }),
    ]);
    return { addresses, version };
  } finally {
    late.abort();
    disconnectSrf(srf);
  }
}
