/** Connecting drachtio-srf, with the options that its behaviour asks for. */
import Srf from 'drachtio-srf';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { conceal } from '../../base/secrets.ts';
import { readOnlyReadable } from './readable.ts';
import { wireOf, type SrfAtRunTime } from './srf.ts';
import { gather } from '../admin/gather.ts';
import { openTunnel, type TlsWishes, type Tunnel } from '../admin/tunnel.ts';

const log = logger('sip:connect');

export interface DrachtioAddress {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** In the clear without. */
  readonly secured?: TlsWishes | undefined;
}

const tunnels = new WeakMap<Srf, Tunnel>();

/** drachtio-server has read the wanted methods after this, in ms. */
const ROUTES_MS = 100;

/** TLS as the options have it. */
export function securedBy({ tls, ca }: { readonly tls: string; readonly ca: string }): TlsWishes | undefined {
  if (tls === 'require') return { tls, ca };
  return tls === 'verify' || (tls === 'auto' && ca !== '') ? { tls: 'verify', ca } : undefined;
}

/** A drachtio-srf that is not connected yet: handlers first, then {@link connectSrf}. */
export function createSrf(): Srf {
  return new Srf();
}

/**
 * Connects and stays connected: a lost connection is taken up again, at most 2 s between attempts.
 * All handlers must be registered before. Resolves with the SIP addresses that drachtio-server names.
 *
 * @throws SiloError `SILO_CONFIG` when the secret is wrong
 */
export async function connectSrf(
  srf: Srf,
  { host, port, secret, secured }: DrachtioAddress,
): Promise<readonly string[]> {
  const stack = srf as unknown as SrfAtRunTime;
  conceal(secret);
  const tunnel = secured && (await openTunnel(host, port, secured));
  if (tunnel) tunnels.set(srf, tunnel);
  return new Promise((resolve, reject) => {
    let announced = false;
    stack.on('error', (error) => {
      if (announced) return;
      announced = true;
      log.warn(`drachtio-server at ${host}:${port} can't be reached (${String(error)}); trying on`);
    });
    stack.on('connect', (error, hostports) => {
      announced = false;
      if (error) {
        reject(
          new SiloError(
            'SILO_CONFIG',
            `drachtio-server at ${host}:${port} refused the secret: set DRACHTIO_SECRET to the one in its configuration.`,
          ),
        );
        return;
      }
      log.debug(`connected to drachtio-server at ${host}:${port}`);
      const addresses = String(hostports)
        .split(',')
        .filter((address) => address !== '');
      // drachtio-srf has just written which methods it wants; until they are read the server says 503 to them.
      setTimeout(() => resolve(addresses), ROUTES_MS);
    });
    stack.connect({
      host: tunnel ? '127.0.0.1' : host,
      port: tunnel?.port ?? port,
      secret,
      reconnect: { retryMaxDelay: 2000 },
      enablePing: true,
      pingInterval: 15_000,
    });
    readOnlyReadable(srf);
    wireOf(srf).on('connect', gather);
  });
}

/** Leaves drachtio-server; drachtio-srf throws when there is no connection to leave. */
export function disconnectSrf(srf: Srf): void {
  tunnels.get(srf)?.close();
  try {
    srf.disconnect();
  } catch (error) {
    log.debug(`there was no connection to end: ${textOf(error)}`);
  }
}
