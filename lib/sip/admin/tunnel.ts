/**
 * TLS to drachtio-server. drachtio-srf can do it, but comes back in the clear after a lost connection, and hands its socket the secret before the
 * certificate was looked at; so it talks to a port of ours on loopback, and what leaves this host is encrypted or does not leave.
 */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, isIP, type AddressInfo, type Socket } from 'node:net';
import { checkServerIdentity, connect } from 'node:tls';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';

const log = logger('sip:connect');

/** A handshake is over after this, ms. */
const HANDSHAKE_LIMIT = 5_000;
/** Of a connection that ends, ms. */
const CLOSE_LIMIT = 1_000;

export interface TlsWishes {
  /** `require`: encrypted, whoever answers. */
  readonly tls: 'require' | 'verify';
  /** PEM file; '' for the CAs that Node trusts. It is read for each connection. */
  readonly ca: string;
}

export interface Tunnel {
  /** Of its end on loopback. */
  readonly port: number;
  close(): void;
}

/**
 * @throws SiloError `SILO_CONFIG` when the CA can't be read now: no attempt could come to anything. Later, while somebody replaces the
 * file, it is tried again.
 */
export async function openTunnel(host: string, port: number, wishes: TlsWishes): Promise<Tunnel> {
  await checkAuthority(wishes.ca);
  const open = new Set<{ destroy(): void }>();
  let announced = false;
  const failed = (error: unknown) => {
    if (announced) return;
    announced = true;
    log.warn(`drachtio-server at ${host}:${port} can't be reached over TLS (${textOf(error)}); trying on`);
  };

  const server = createServer({ noDelay: true, keepAlive: true }, (near) => {
    open.add(near);
    near.on('error', () => undefined);
    near.on('close', () => open.delete(near));
    secured(host, port, wishes).then(
      (far) => {
        announced = false;
        open.add(far);
        far.on('error', () => undefined);
        far.on('close', () => {
          open.delete(far);
          near.destroy();
        });
        near.on('close', () => far.destroy());
        if (near.destroyed) far.destroy();
        else near.pipe(far).pipe(near);
      },
      (error: unknown) => {
        failed(error);
        near.destroy();
      },
    );
  });
  // Its connections are those of this process, also where several take HTTP together.
  server.listen({ host: '127.0.0.1', port: 0, exclusive: true });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      // What was written last is to arrive.
      setTimeout(() => {
        for (const socket of open) socket.destroy();
      }, CLOSE_LIMIT).unref();
    },
  };
}

async function checkAuthority(path: string): Promise<void> {
  if (path === '') return;
  try {
    // TLS itself passes over what is no certificate, and then trusts nobody.
    new X509Certificate(await readFile(path));
  } catch (cause) {
    throw new SiloError(
      'SILO_CONFIG',
      `The file ${path} named by DRACHTIO_CA can't be used (${textOf(cause)}): wanted is a PEM file with the CA of drachtio-server's certificate.`,
      { cause },
    );
  }
}

/** Resolves when the server has shown who it is: nothing is written before. */
async function secured(host: string, port: number, { tls, ca }: TlsWishes): Promise<Socket> {
  const authority = ca === '' ? {} : { ca: await readFile(ca) };
  return new Promise((resolve, reject) => {
    const verify = tls === 'verify';
    const socket = connect({
      host,
      port,
      ...authority,
      // Only a name may be asked for, RFC 6066 3.
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: verify,
      checkServerIdentity: (_, certificate) => (verify ? checkServerIdentity(host, certificate) : undefined),
    });
    socket.setNoDelay(true).setKeepAlive(true);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no handshake within ${HANDSHAKE_LIMIT} ms`)),
      HANDSHAKE_LIMIT,
    );
    socket.once('error', reject);
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error('the server closed the connection'));
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
  });
}
