/** The connection to drachtio-server over TLS: what ends TLS stands in front of the embedded front end, and all is overheard. */
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startFrontEnd, type FrontEnd } from '../../lib/embedded/front-end.ts';
import { launchApp } from '../support/app.ts';
import { createAuthority, opensslMissing, type Authority } from '../support/certificates.ts';
import { needing } from '../support/needing.ts';
import { overhear, type Overheard } from '../support/overheard.ts';
import { Phone } from '../support/phone.ts';
import type { RunningProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SECRET = 'a secret to be heard';

describe('TLS to drachtio-server', needing(opensslMissing()), () => {
  let folder: TemporaryFolder;
  let authority: Authority;
  beforeAll(async () => {
    folder = temporaryFolder('silo-admin-tls');
    authority = await createAuthority(folder.path, 'server');
  });
  afterAll(() => folder.remove());

  const open: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  interface Scene {
    readonly front: FrontEnd;
    readonly way: Overheard;
    readonly app: RunningProcess;
    /** Connections that came through TLS so far. */
    readonly count: () => number;
    /** Ends those that are there. */
    readonly cut: () => void;
  }

  async function start(names: string, env: Record<string, string> = {}, days?: number): Promise<Scene> {
    const front = await startFrontEnd({ listen: '127.0.0.1:0', secret: SECRET });
    open.push(() => front.close());
    const { cert, key } = await authority.issue('admin', names, days);
    const sockets = new Set<Socket>();
    let count = 0;
    const terminator = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (far) => {
      count++;
      const near = connect(front.adminPort, front.adminHost);
      for (const socket of [far, near]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => [far, near].map((other) => other.destroy()));
      }
      far.pipe(near).pipe(far);
    }).listen(0, '127.0.0.1');
    terminator.on('tlsClientError', () => undefined);
    await once(terminator, 'listening');
    const cut = () => sockets.forEach((socket) => socket.destroy());
    open.push(() => {
      terminator.close();
      cut();
    });
    const way = await overhear((terminator.address() as AddressInfo).port);
    open.push(() => way.close());
    const app = await launchApp({
      SILO_STORE: 'sqlite::memory:',
      DRACHTIO_HOST: '127.0.0.1',
      DRACHTIO_PORT: String(way.port),
      DRACHTIO_SECRET: SECRET,
      DRACHTIO_CA: authority.ca,
      ...env,
    });
    open.push(() => app.stop());
    return { front, way, app, count: () => count, cut };
  }

  test('serves, and comes back over TLS when the connection is lost', async () => {
    const { front, way, app, count, cut } = await start('IP:127.0.0.1');
    await app.line('drachtio-silo ready', { timeoutMs: 30_000 });
    const server = { host: '127.0.0.1', port: front.addresses[0]!.port };
    const [alice, bob] = [await Phone.start('alice', { server }), await Phone.start('bob', { server })];
    open.push(() => [alice, bob].map((phone) => phone.close()));
    const large = 'x'.repeat(3_500);
    expect((await alice.message('bob', large)).status).toBe(202);
    for (let times = 1; times <= 2; times++) {
      cut();
      await until(() => count() > times);
    }
    const again = { callId: 'again', cseq: 1, tag: 't' };
    await until(async () => expect((await alice.message('bob', 'after', again)).status).toBe(202));
    await bob.register({ expires: 600 });
    await bob.received(2);
    expect(bob.texts).toEqual([large, 'after']);
    for (const word of ['authenticate', SECRET, 'MESSAGE', 'route']) expect(way.said).not.toContain(word);
    expect((await app.stop()).code).toBe(0);
  });

  test.each([
    ['for another host', 'DNS:sip.example.org', 30, /over TLS \(Hostname\/IP does not match/],
    ['that has expired', 'IP:127.0.0.1', -1, /over TLS \(certificate has expired\)/],
  ])('tells nothing to a server with a certificate %s', async (_, names, days, sentence) => {
    const { way, app } = await start(names, {}, days);
    await until(() => expect(app.stderr).toMatch(sentence));
    expect(way.said).not.toContain(SECRET);
  });

  test('tells nothing to a server with a certificate of another CA, unless it may be anybody', async () => {
    const other = await createAuthority(folder.path, 'other');
    const { way, app, count } = await start('IP:127.0.0.1', { DRACHTIO_CA: other.ca });
    await until(() => expect(app.stderr).toMatch(/over TLS \(.*certificate/));
    expect(way.said).not.toContain(SECRET);
    expect(count()).toBeLessThan(1_000);
    const anybody = await start('DNS:x', { DRACHTIO_CA: '', DRACHTIO_TLS: 'require' });
    await anybody.app.line('drachtio-silo ready', { timeoutMs: 30_000 });
  });

  test('tells nothing to a server without TLS', async () => {
    const { front } = await start('IP:127.0.0.1');
    const way = await overhear(front.adminPort);
    open.push(() => way.close());
    const app = await launchApp({
      SILO_STORE: 'sqlite::memory:',
      DRACHTIO_HOST: '127.0.0.1',
      DRACHTIO_PORT: String(way.port),
      DRACHTIO_SECRET: SECRET,
      DRACHTIO_TLS: 'verify',
    });
    open.push(() => app.stop());
    await until(() => expect(app.stderr).toMatch(/can't be reached over TLS/));
    expect(way.said).not.toContain(SECRET);
  });

  test.each([
    [{ DRACHTIO_TLS: 'verify' }, 'DRACHTIO_TLS (found "verify"): wanted is off for the embedded'],
    [
      { DRACHTIO_HOST: 'x', DRACHTIO_TLS: 'off', DRACHTIO_CA: '/ca' },
      'DRACHTIO_TLS (found "off"): a CA is named',
    ],
  ])('does not start with %o', async (env, sentence) => {
    const app = await launchApp({ SILO_STORE: 'sqlite::memory:', ...env });
    expect((await app.exited).code).toBe(1);
    expect(app.stderr).toContain(sentence);
  });

  test.each([
    ['is not there', undefined, 'ENOENT'],
    ['has no certificate in it', 'nothing of the kind\n', ''],
  ])('does not start with a CA file that %s', async (_, content, why) => {
    const ca = join(folder.path, 'no-ca.pem');
    if (content !== undefined) writeFileSync(ca, content);
    const app = await launchApp({ SILO_STORE: 'sqlite::memory:', DRACHTIO_HOST: 'x', DRACHTIO_CA: ca });
    expect((await app.exited).code).toBe(1);
    expect(app.stderr).toContain(`The file ${ca} named by DRACHTIO_CA can't be used (${why}`);
    expect(app.stderr).toContain("wanted is a PEM file with the CA of drachtio-server's certificate");
  });
});
