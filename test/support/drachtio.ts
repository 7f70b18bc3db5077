/** A drachtio-server of our own, with TLS, as docs/tls.md sets it up. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAuthority, opensslMissing } from './certificates.ts';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

export interface SecureDrachtio {
  /** Ports on 127.0.0.1. */
  readonly ports: {
    readonly sip: number;
    readonly tls: number;
    readonly wss: number;
    readonly admin: number;
  };
  /** Path of the CA of its certificate. */
  readonly ca: string;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const COMMAND = process.env['SILO_CONFORMANCE_DRACHTIO'] ?? findCommand('drachtio');

export function drachtioMissing(): string | undefined {
  return COMMAND === undefined
    ? 'drachtio-server is missing; build it and name its program with SILO_CONFORMANCE_DRACHTIO'
    : opensslMissing();
}

export async function startSecureDrachtio(): Promise<SecureDrachtio> {
  const folder = temporaryFolder('silo-drachtio');
  const authority = await createAuthority(folder.path, 'sip');
  const { cert, key } = await authority.issue('server', 'IP:127.0.0.1');
  const dh = join(folder.path, 'dh.pem');
  await promisify(execFile)('openssl', ['dhparam', '-dsaparam', '-out', dh, '2048']);
  const ports = {
    sip: await freePort(),
    tls: await freePort(),
    wss: await freePort(),
    admin: await freePort(),
  };
  const replaced: Readonly<Record<string, string>> = {
    '192.0.2.1': '127.0.0.1',
    '9023': String(ports.admin),
    '5060': String(ports.sip),
    '5061': String(ports.tls),
    '8443': String(ports.wss),
    '/etc/drachtio/key.pem': key,
    '/etc/drachtio/cert.pem': cert,
    '/etc/drachtio/chain.pem': authority.ca,
    '/etc/drachtio/dh.pem': dh,
  };
  const configuration = Object.entries(replaced).reduce(
    (text, [found, own]) => text.replaceAll(found, own),
    readFileSync('test/fixtures/drachtio/tls.xml', 'utf8'),
  );
  const file = join(folder.path, 'drachtio.conf.xml');
  writeFileSync(file, configuration);
  const launch = async () => {
    const started = await startProcess(COMMAND ?? 'drachtio', ['-f', file]);
    for (const port of Object.values(ports))
      await until(async () => {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        socket.destroy();
      });
    return started;
  };
  let server = await launch();
  return {
    ports,
    ca: authority.ca,
    restart: async () => {
      await server.stop();
      server = await launch();
    },
    stop: async () => {
      await server.stop();
      folder.remove();
    },
  };
}
