/** A real drachtio-server with TLS, as docs/tls.md sets it up: towards phones, and towards the application. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { launchApp } from '../support/app.ts';
import { drachtioMissing, startSecureDrachtio, type SecureDrachtio } from '../support/drachtio.ts';
import { needing } from '../support/needing.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import type { RunningProcess } from '../support/process.ts';
import { until } from '../support/until.ts';

describe('TLS at a drachtio-server', needing(drachtioMissing()), () => {
  let drachtio: SecureDrachtio;
  let app: RunningProcess;
  beforeAll(async () => {
    drachtio = await startSecureDrachtio();
    app = await launchApp({
      SILO_STORE: 'sqlite::memory:',
      SILO_LIVE_TIMEOUT: '400',
      DRACHTIO_HOST: '127.0.0.1',
      DRACHTIO_PORT: String(drachtio.ports.admin),
      DRACHTIO_CA: drachtio.ca,
    });
    await app.line('drachtio-silo ready', { timeoutMs: 30_000 });
  });
  afterAll(async () => {
    await app.stop();
    await drachtio.stop();
  });
  const phones: Phone[] = [];
  afterEach(() => {
    for (const phone of phones.splice(0)) phone.close();
  });

  const phone = async (name: string, transport: NonNullable<PhoneOptions['transport']>) => {
    const { sip, tls, wss } = drachtio.ports;
    const port = { udp: sip, tcp: sip, tls, wss }[transport];
    const started = await Phone.start(name, { transport, server: { host: '127.0.0.1', port } });
    phones.push(started);
    return started;
  };
  const secureContact = (of: Phone) => of.contact.replace('<sip:', '<sips:').replace(';transport=tls', '');
  let serial = 0;

  test.each([
    ['sip:…;transport=tls', (of: Phone) => of.contact],
    ['sips:…', secureContact],
  ])('what waits goes along the connection by which %s has registered', async (_, contact) => {
    const name = `bob${serial++}`;
    const [alice, bob] = [await phone('alice', 'udp'), await phone(name, 'tls')];
    const long = `two ${'x'.repeat(8_000)}`;
    expect((await alice.message(name, 'one')).status).toBe(202);
    const sender = await phone('carol', 'tcp');
    expect((await sender.message(name, long)).status).toBe(202);
    expect((await bob.register({ expires: 600, contact: contact(bob) })).status).toBe(200);
    await bob.received(2);
    expect(bob.texts).toEqual(['one', long]);
    // Live, or behind the others where the second one's answer is still being written down.
    expect((await alice.message(name, 'three')).status).toBeLessThan(300);
    await bob.received(3);
    expect(bob.texts.at(-1)).toBe('three');
  });

  test('after the connection is gone it waits, and goes along the next one', async () => {
    const name = `bob${serial++}`;
    const [alice, bob] = [await phone('alice', 'udp'), await phone(name, 'tls')];
    await bob.register({ expires: 600 });
    expect((await alice.message(name, 'live')).status).toBe(200);
    bob.close();
    expect((await alice.message(name, 'waits')).status).toBe(202);
    const again = await phone(name, 'tls');
    await again.register({ expires: 600 });
    await again.received(1);
    expect(again.texts).toEqual(['waits']);
  });

  test('what was sent to a sips: address goes to the secure contact, and to no other', async () => {
    const name = `bob${serial++}`;
    const [alice, plain] = [await phone('alice', 'tls'), await phone(name, 'udp')];
    await plain.register({ expires: 600 });
    const wishes = { uri: `sips:${name}@example.org` };
    expect((await alice.message(name, 'secret', wishes)).status).toBe(202);
    const secure = await phone(name, 'tls');
    await secure.register({ expires: 600, contact: secureContact(secure) });
    await secure.received(1);
    expect([secure.texts, plain.texts]).toEqual([['secret'], []]);
  });

  test('a browser over WebSockets gets what waits, what is live, and its lamp', async () => {
    const name = `bob${serial++}`;
    const [alice, bob] = [await phone('alice', 'udp'), await phone(name, 'wss')];
    expect((await alice.message(name, 'waits')).status).toBe(202);
    const subscribe = { Contact: bob.contact, Event: 'message-summary', Expires: '600' };
    expect((await bob.request('SUBSCRIBE', `sip:${bob.aor}`, bob.aor, subscribe)).status).toBe(200);
    expect((await bob.register({ expires: 600 })).status).toBe(200);
    await bob.received(1);
    expect((await alice.message(name, 'live')).status).toBeLessThan(300);
    await bob.received(2);
    expect(bob.texts).toEqual(['waits', 'live']);
    await until(() => {
      const last = bob.requests.filter(({ method }) => method === 'NOTIFY').at(-1);
      expect(last?.text).toContain('Messages-Waiting: no');
    });
  });

  test('a lamp is told along the connection of its subscription', async () => {
    const name = `bob${serial++}`;
    const [alice, bob] = [await phone('alice', 'udp'), await phone(name, 'tls')];
    const answer = await bob.request('SUBSCRIBE', `sip:${bob.aor}`, bob.aor, {
      Contact: bob.contact,
      Event: 'message-summary',
      Expires: '600',
    });
    expect(answer.status).toBe(200);
    expect((await alice.message(name, 'one')).status).toBe(202);
    await until(() => {
      const last = bob.requests.filter(({ method }) => method === 'NOTIFY').at(-1);
      expect(last?.text).toContain('Messages-Waiting: yes');
    });
  });

  test('the application comes back over TLS when the server was started anew', async () => {
    await drachtio.restart();
    const name = `bob${serial++}`;
    const again = { callId: 'again', cseq: 1, tag: 't' };
    const alice = await phone('alice', 'tls');
    await until(async () => expect((await alice.message(name, 'one', again)).status).toBe(202));
    const bob = await phone(name, 'tls');
    await bob.register({ expires: 600 });
    await bob.received(1);
    expect(bob.texts).toEqual(['one']);
  });
});
