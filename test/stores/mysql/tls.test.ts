/** A database server that wants TLS: who is let in, who is not, what is said, and that nothing is sent in the clear. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStore } from '../../../lib/stores/open.ts';
import type { StoreOptions } from '../../../lib/stores/options.ts';
import { openKnownKeys } from '../../../lib/stores/source/known-keys.ts';
import { openSource } from '../../../lib/stores/source/silo-source.ts';
import { createAuthority } from '../../support/certificates.ts';
import { needing } from '../../support/needing.ts';
import { overhear } from '../../support/overheard.ts';
import {
  secureMariadbMissing,
  startSecureMariaDb,
  type SecureMariaDb,
} from '../../support/secure-mariadb.ts';
import { sharedMariaDb } from '../../support/shared-mariadb.ts';
import { until } from '../../support/until.ts';
import { aMessage } from '../contract/messages.ts';

/** What is said when this store is opened; '' when it could be. */
async function saidOf(url: string, options: StoreOptions = {}): Promise<string> {
  try {
    await (await openStore(url, options)).close();
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('TLS to the database', needing(secureMariadbMissing()), () => {
  let db: SecureMariaDb;
  let ca: string;
  beforeAll(async () => {
    db = await startSecureMariaDb();
    ({ ca } = db.authority);
  });
  afterAll(() => db.stop());

  test('a server that requires it is used on each connection, as the options or the URL say', async () => {
    const byName = db.url.replace('127.0.0.1', 'localhost');
    expect(await saidOf(db.url, { ca })).toBe('');
    expect(await saidOf(byName, { ca, tls: 'verify' })).toBe('');
    expect(await saidOf(`${db.url}?tls=verify&ca=${encodeURIComponent(ca)}&tlsMin=TLSv1.3`)).toBe('');
    expect(await saidOf(`${byName}?tls=require`)).toBe('');
    const store = await openStore(db.url, { ca, connections: 5 });
    await Promise.all(Array.from({ length: 20 }, () => store.ping()));
    await store.close();
  });

  test('whoever comes in the clear is told of TLS, not only that access is denied', async () => {
    const sentence = 'if user and password are right, server or user want TLS: set SILO_STORE_TLS to verify';
    expect(await saidOf(db.url)).toContain(sentence);
    await expect(openSource(db.url)).rejects.toThrow(sentence);
  });

  test('an import reads its source by the TLS of its URL, and looks into the store by that of the store', async () => {
    const source = await openSource(`${db.url}?ca=${ca}`);
    expect(await source.rows()).toBe(0);
    await source.close();
    const known = await openKnownKeys(db.url, { ca });
    expect(await known.among(['none'])).toEqual(new Set());
    await known.close();
  });

  test('a server that is killed and comes back is used again', async () => {
    const store = await openStore(db.url, { ca });
    const message = aMessage('bob@example.org');
    expect(await store.accept(message)).toMatchObject({ stored: true });
    db.server.kill('SIGKILL');
    await db.server.down();
    await expect(store.ping()).rejects.toMatchObject({ code: 'SILO_STORE_UNAVAILABLE' });
    await db.server.start();
    await until(() => store.ping());
    expect(await store.accept(message)).toMatchObject({ stored: false });
    await store.close();
  });

  test('the certificate of another CA is refused, one of the same name, too; whoever does not verify takes it', async () => {
    const other = await createAuthority(db.folder, 'other');
    const sentence = 'TLS: its certificate is not by a CA that is trusted here: set SILO_STORE_CA';
    expect(await saidOf(db.url, { ca: other.ca })).toContain(sentence);
    expect(await saidOf(db.url, { tls: 'verify' })).toContain(sentence);
    expect(await saidOf(db.url, { tls: 'require', ca: other.ca })).toBe('');
  });

  test('the certificate of another host is refused, by name and by IP address', async () => {
    const sentence =
      'TLS: its certificate is for another host: name the host in SILO_STORE as its certificate';
    await db.show('DNS:localhost');
    expect(await saidOf(db.url, { ca })).toContain(sentence);
    expect(await saidOf(db.url.replace('127.0.0.1', 'localhost'), { ca })).toBe('');
    await db.show('DNS:db.example.org,IP:127.0.0.1');
    expect(await saidOf(db.url.replace('127.0.0.1', 'localhost'), { ca })).toContain(sentence);
    expect(await saidOf(db.url, { ca })).toBe('');
  });

  test('a certificate that has expired is refused, and one that was renewed taken without a restart', async () => {
    const store = await openStore(db.url, { ca });
    await db.show('IP:127.0.0.1', -1);
    expect(await saidOf(db.url, { ca })).toContain(
      'TLS: its certificate has expired: renew it on the server',
    );
    await db.show('IP:127.0.0.1');
    await db.sql('kill user root');
    await until(() => store.ping());
    await store.close();
  });

  test('files are read again for each connection', async () => {
    const own = join(db.folder, 'own-ca.pem');
    const next = await createAuthority(db.folder, 'next');
    copyFileSync(ca, own);
    const store = await openStore(db.url, { ca: own });
    await db.show('IP:127.0.0.1', 30, next);
    copyFileSync(next.ca, own);
    await db.sql('kill user root');
    await until(() => store.ping());
    await store.close();
    await db.show('IP:127.0.0.1');
  });

  test('a user who needs a client certificate is let in with it, and told of it without', async () => {
    await db.sql(`create user certified@'%' identified by 'pw' require x509`);
    await db.sql(`grant all privileges on silo.* to certified@'%'`);
    const url = db.url.replace('root', 'certified');
    expect(await saidOf(url, { ca })).toContain(
      'the user wants a client certificate over TLS: set SILO_STORE_CERT and SILO_STORE_KEY',
    );
    const ours = await db.authority.issue('client', 'DNS:silo.example.org');
    expect(await saidOf(url, { ca, ...ours })).toBe('');
    expect(await saidOf(`${url}?ca=${ca}&cert=${ours.cert}&key=${ours.key}`)).toBe('');
    const other = await createAuthority(db.folder, 'stranger');
    const foreign = await other.issue('client', 'DNS:silo.example.org');
    expect(await saidOf(url, { ca, ...foreign })).toMatch(
      /TLS: it refuses our certificate|closed the connection/,
    );
    expect(await saidOf(url, { ca, cert: ours.cert, key: foreign.key })).toContain(
      'TLS: SILO_STORE_CA, SILO_STORE_CERT or SILO_STORE_KEY is no PEM that can be used, or the key is that of another',
    );
  });

  test('files that are not there, or are none, are named', async () => {
    expect(await saidOf(db.url, { ca: '/nowhere/ca.pem' })).toContain(
      'TLS: the file /nowhere/ca.pem of the CA certificate (SILO_STORE_CA) can',
    );
    expect(await saidOf(db.url, { ca: 'package.json' })).toContain('the file package.json of the CA');
  });

  test('an older TLS than is wanted is refused', async () => {
    const old = await startSecureMariaDb(['--tls-version=TLSv1.2']);
    const options: StoreOptions = { ca: old.authority.ca };
    expect(await saidOf(old.url, options)).toBe('');
    expect(await saidOf(old.url, { ...options, tlsMin: 'TLSv1.3' })).toContain(
      'TLS: it has no version of TLS that is new enough',
    );
    await old.stop();
  });

  test('nothing that is said can be read on the way', async () => {
    const way = await overhear(db.server.port);
    const store = await openStore(db.url.replace(String(db.server.port), String(way.port)), { ca });
    await store.accept(aMessage('bob@example.org', { body: Buffer.from('open sesame') }));
    await store.close();
    expect(way.said.length).toBeGreaterThan(1000);
    for (const word of ['root', 'select', 'sesame']) expect(way.said).not.toContain(word);
    way.close();
  });

  test('a server without TLS, or whose offer of it was taken out on the way, is told nothing', async () => {
    const plain = await sharedMariaDb();
    const database = await plain.createDatabase();
    const ways = [
      await overhear(plain.port),
      // The flag SSL (0x0800) of the greeting: its lower two bytes of flags follow the version, the thread, eight bytes and a zero.
      await overhear(db.server.port, (data) => {
        const flags = data.indexOf(0, 5) + 1 + 4 + 8 + 1;
        const changed = Buffer.from(data);
        if (data[3] === 0 && data[4] === 10) changed[flags + 1] = (data[flags + 1] ?? 0) & ~0x08;
        return changed;
      }),
    ];
    for (const way of ways) {
      const url = database.url.replace(String(plain.port), String(way.port));
      for (const tls of ['verify', 'require'] as const)
        expect(await saidOf(url, { tls })).toContain('TLS: it has no TLS, and nothing is sent in the clear');
      expect(way.said).toBe('');
      way.close();
    }
    await database.drop();
  });
});

describe('what is asked of TLS', () => {
  test.each([
    [{ tls: 'off', ca: '/ca.pem' }, 'a certificate, a key or a CA is named, and TLS is off'],
    [{ ca: '/ca.pem', cert: '/c.pem' }, 'there is a certificate without a key'],
    [{ key: '/k.pem' }, 'there is a key without a certificate'],
  ] satisfies [StoreOptions, string][])('must not contradict itself: %o', async (options, sentence) => {
    expect(await saidOf('mysql://u:p@127.0.0.1:1/d', options)).toContain(sentence);
  });

  test.each([
    [
      '?tls=perhaps',
      'Option tls of the store mysql://127.0.0.1:1/d (found "perhaps"): wanted is one of "auto"',
    ],
    ['?tlsMin=TLSv1', 'wanted is one of "TLSv1.2"|"TLSv1.3"'],
    ['?ssl=1', 'has the parameter ssl: wanted are only tls, ca, cert, key, tlsMin'],
    ['?ca=/x&CA=/y', 'has the parameter CA'],
  ])('in the URL is checked: %s', async (query, sentence) => {
    expect(await saidOf(`mysql://u:p@127.0.0.1:1/d${query}`)).toContain(sentence);
  });
});
