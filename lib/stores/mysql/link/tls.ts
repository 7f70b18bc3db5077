/**
 * TLS to a host. mysql2 asks the server for it, and refuses one that has none before it has sent a password; the handshake is ours, since
 * mysql2 compares the certificate of a host named by its IP address with `localhost`.
 */
import { readFile } from 'node:fs/promises';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type SecureVersion } from 'node:tls';
import type { Connection as Mysql2Connection } from 'mysql2';
import { SiloError, textOf } from '../../../base/errors.ts';
import { Unfit } from './errors.ts';

/** What is wanted, as options or parameters of the URL say it. */
export interface TlsWishes {
  /** `auto`: `verify` when a file is named, else `off`. */
  readonly tls: 'auto' | 'off' | 'require' | 'verify';
  /** Paths of PEM files; '' for none. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly tlsMin: 'TLSv1.2' | 'TLSv1.3';
}

/** What a handshake needs. */
export interface Secure {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly minVersion: SecureVersion;
  /** Has to be who it says. */
  readonly verify: boolean;
}

/** TLS with files that are read for each connection, so that a renewed certificate needs no restart. */
export interface Tls {
  /** @throws Unfit when a file can't be read */
  secure(): Promise<Secure>;
}

/** Undefined: in the clear. @throws SiloError `SILO_CONFIG` for wishes that contradict each other */
export function tlsOf({ tls, ca, cert, key, tlsMin }: TlsWishes): Tls | undefined {
  const files = { ca, cert, key };
  const named = Object.values(files).some((path) => path !== '');
  if (tls === 'off' && named)
    throw contradiction(
      'a certificate, a key or a CA is named, and TLS is off',
      'take the files away, or set SILO_STORE_TLS to verify',
    );
  if ((cert === '') !== (key === ''))
    throw contradiction(
      `there is ${cert === '' ? 'a key without a certificate' : 'a certificate without a key'}`,
      'name both files, SILO_STORE_CERT and SILO_STORE_KEY',
    );
  if (tls === 'off' || (tls === 'auto' && !named)) return undefined;
  return {
    secure: async () => {
      const read = await Promise.all(
        Object.entries(files)
          .filter(([, path]) => path !== '')
          .map(async ([name, path]) => [name, await readPem(name, path)] as const),
      );
      return { ...Object.fromEntries(read), minVersion: tlsMin, verify: tls !== 'require' };
    },
  };
}

function contradiction(found: string, wanted: string): SiloError {
  return new SiloError(
    'SILO_CONFIG',
    `TLS to the database (SILO_STORE_…, or the parameters of the URL): ${found}; ${wanted}.`,
  );
}

const NAMES: Readonly<Record<string, string>> = {
  ca: 'CA certificate (SILO_STORE_CA)',
  cert: 'certificate (SILO_STORE_CERT)',
  key: 'key (SILO_STORE_KEY)',
};

async function readPem(name: string, path: string): Promise<Buffer> {
  const pem = await readFile(path).catch((cause: unknown) => {
    throw new Unfit(`TLS: the file ${path} of the ${NAMES[name] ?? name} can't be read (${textOf(cause)})`);
  });
  if (!/^-----BEGIN /m.test(pem.toString('latin1')))
    throw new Unfit(`TLS: the file ${path} of the ${NAMES[name] ?? name} has no PEM in it`);
  return pem;
}

/** What of mysql2 the handshake stands in for. */
interface Upgradable {
  startTLS: (this: Upgradable, onSecure: (error?: Error) => void) => void;
  stream: Socket;
  readonly packetParser: { execute: (data: Buffer) => void };
}

/**
 * Puts our handshake in the place of mysql2's.
 * @param onError whatever happens to the secured connection later
 * @returns is the connection encrypted?
 */
export function secureWith(
  connection: Mysql2Connection,
  { verify, ...material }: Secure,
  host: string,
  onError: (error: Error) => void,
): () => boolean {
  let secured = false;
  const upgradable = connection as unknown as Upgradable;
  upgradable.startTLS = function (onSecure) {
    this.stream.removeAllListeners('data');
    try {
      const socket = connect(
        {
          ...material,
          socket: this.stream,
          rejectUnauthorized: verify,
          // Only a name may be asked for, RFC 6066 3.
          ...(isIP(host) === 0 ? { servername: host } : {}),
          checkServerIdentity: (_, certificate) =>
            verify ? checkServerIdentity(host, certificate) : undefined,
        },
        () => {
          secured = socket.encrypted;
          onSecure();
        },
      );
      socket.on('error', (error: Error) => {
        if (secured) onError(error);
        else onSecure(error);
      });
      socket.on('close', () => onError(new Error('the server closed the connection')));
      socket.on('data', (data: Buffer) => this.packetParser.execute(data));
      this.stream = socket;
    } catch (error) {
      // Files that hold no certificate, or a key of another one.
      onSecure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return () => secured;
}
