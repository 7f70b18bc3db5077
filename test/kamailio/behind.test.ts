/** A real Kamailio in front as registrar and proxy, the application behind it: docs/behind-kamailio.md. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { numbered, phonesOf, sendAll, sendNext, type Transport } from '../journey/journey.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { kamailioMissing, startKamailio, type RunningKamailio } from '../support/kamailio.ts';
import { needing } from '../support/needing.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import { othersServed } from '../support/sentinel.ts';
import { LONG, until } from '../support/until.ts';

const PASSWORD = 'secret';

function behind(defines: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  let app: RunningApp | undefined;
  let kamailio: RunningKamailio;
  let port = 0;
  const phones = phonesOf(() => ({ ...app!, server: kamailio.server }));
  const start = async () => {
    app ??= await startApp(
      {
        SILO_DOMAINS: 'example.org',
        SILO_TRUST: '127.0.0.1/32',
        SILO_MWI_PUBLISHERS: 'voicemail@example.org',
        SILO_MIN_EXPIRES: '60',
        SILO_STOP_GRACE: '200',
        SILO_LIVE_TIMEOUT: '700',
        ...env,
      },
      port,
    );
  };
  beforeAll(async () => {
    port = await freePort();
    await start();
    kamailio = await startKamailio({
      config: 'behind.cfg',
      replace: {
        '5070': String(port),
        '"fr_timer", 5000': '"fr_timer", 1000',
        't_set_fr(0, 20000)': 't_set_fr(0, 8000)',
        // One password for all, in place of the database.
        'loadmodule "auth_db.so"': '',
        'loadmodule "db_mysql.so"': '',
        'modparam("auth_db"': '#modparam("auth_db"',
        'auth_check("$fd", "subscriber", "1")': `pv_auth_check("$fd", "${PASSWORD}", "0", "1")`,
      },
      defines,
    });
  });
  afterAll(async () => {
    phones.close();
    await kamailio.stop();
    await stop();
  });
  const stop = async () => {
    expect(await app?.process.stop()).toEqual({ code: 0, signal: null });
    app = undefined;
  };
  /** Asks the application itself, as a server on this machine. */
  const direct = (name: string) => Phone.start(name, { server: { host: '127.0.0.1', port } });
  return {
    ...phones,
    phone: (name: string, wishes: Partial<PhoneOptions> = {}) =>
      phones.phone(name, { password: PASSWORD, ...wishes }),
    direct,
    /** The application has its copy of a REGISTER a moment after the phone has its answer. */
    knows: (phone: Phone, contacts: number) =>
      until(async () => {
        const asking = await direct(phone.name);
        const answer = await asking.register({ contact: '' });
        asking.close();
        expect(answer.all('Contact').join().match(/<sip:/g) ?? []).toHaveLength(contacts);
      }),
    startApp: start,
    stopApp: stop,
    get port() {
      return kamailio.server.port;
    },
    /** What the application has said. */
    get log() {
      return app?.process.stderr ?? '';
    },
  };
}

describe.each([
  ['live messages are its own affair', []],
  ['every MESSAGE goes through the application', ['APP_FIRST']],
])('behind a Kamailio, %s:', (_, defines) => {
  describe('the silo', needing(kamailioMissing()), () => {
    const world = behind(defines);

    describe.each<Transport>(['udp', 'tcp'])('over %s', (transport) => {
      test('takes what is sent to somebody who is away, and sends it in order when they register', async () => {
        const alice = await world.phone('alice', { transport });
        const bob = await world.phone('bob', { transport });
        await sendAll(alice, bob, numbered(20));
        expect((await bob.register({ expires: 600 })).status).toBe(200);
        await bob.received(20);
        await othersServed(bob);
        expect(bob.texts).toEqual(numbered(20));
        const [first] = bob.messages;
        expect(first?.start).toBe(`MESSAGE ${bob.contact.slice(1, -1)} SIP/2.0`);
        expect(first?.header('From')).toContain(`<sip:${alice.aor}>`);
        expect(first?.header('To')).toBe(`<sip:${bob.aor}>`);
        expect(first?.header('Via')).toContain(`:${world.port};`);
      });

      test('leaves a live message to whoever has it, once', async () => {
        const alice = await world.phone('alice', { transport });
        const bob = await world.phone('bob', { transport });
        await bob.register({ expires: 600 });
        await world.knows(bob, 1);
        await sendAll(alice, bob, ['live 1', 'live 2'], 200);
        await othersServed(bob);
        expect(bob.texts).toEqual(['live 1', 'live 2']);
      });

      test('reaches a phone behind NAT where its REGISTER came from', async () => {
        const alice = await world.phone('alice', { transport });
        const bob = await world.phone('bob', { transport });
        await sendAll(alice, bob, ['hello']);
        const suffix = transport === 'tcp' ? ';transport=tcp' : '';
        const contact = `<sip:${bob.name}@192.0.2.7:5062${suffix}>`;
        expect((await bob.register({ expires: 600, contact })).status).toBe(200);
        await bob.received(1);
        expect(bob.messages[0]?.start).toBe(`MESSAGE ${contact.slice(1, -1)} SIP/2.0`);
        await sendNext(alice, bob, 'live');
        await othersServed(bob);
        expect(bob.texts).toEqual(['hello', 'live']);
      });
    });

    test('takes what the device does not: busy, or silent', async () => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob', { react: () => 486 });
      const carol = await world.phone('carol', { react: () => 'silence' });
      await Promise.all([bob, carol].map((phone) => phone.register({ expires: 600 })));
      for (const phone of [bob, carol]) await world.knows(phone, 1);
      await sendAll(alice, bob, ['busy']);
      await sendAll(alice, carol, ['silent']);
      await othersServed(carol);
      // Each device was asked once, by one of the two.
      expect(bob.texts).toEqual(['busy']);
      expect(carol.texts).toEqual(['silent']);
      for (const phone of [bob, carol]) {
        phone.react = () => 200;
        expect((await phone.register({ expires: 600 })).status).toBe(200);
        await phone.received(2);
      }
      expect(bob.texts).toEqual(['busy', 'busy']);
      expect(carol.texts).toEqual(['silent', 'silent']);
    });

    test('and a refusal goes back to the sender', async () => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob', { react: () => 403 });
      await bob.register({ expires: 600 });
      await world.knows(bob, 1);
      await sendAll(alice, bob, ['no thanks'], 403);
    });

    test('knows that somebody has left', async () => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob');
      await bob.register({ expires: 600 });
      await world.knows(bob, 1);
      await bob.unregister();
      await world.knows(bob, 0);
      await sendAll(alice, bob, ['for later']);
      await othersServed(bob);
      expect(bob.texts).toEqual([]);
      await bob.register({ expires: 600 });
      await bob.received(1);
    });

    test.each([
      ['here', undefined],
      ['behind NAT', 'sip:bob@10.1.2.3:5062'],
    ])('lights the lamps of a phone %s, in a subscription that lasts', async (_, contact) => {
      const alice = await world.phone('alice');
      const bob = await world.phone('bob');
      const headers = {
        Contact: contact === undefined ? bob.contact : `<${contact}>`,
        Event: 'message-summary',
      };
      const answer = await bob.request('SUBSCRIBE', `sip:${bob.aor}`, bob.aor, {
        ...headers,
        From: `<sip:${bob.aor}>;tag=1`,
        'Call-ID': bob.name,
        CSeq: '1 SUBSCRIBE',
      });
      expect(answer.status).toBe(200);
      const lamp = () => bob.requests.filter(({ method }) => method === 'NOTIFY').at(-1)?.text;
      await until(() => lamp() === 'Messages-Waiting: no\r\n');
      await sendAll(alice, bob, ['one']);
      await until(() => expect(lamp()).toContain('Pager-Message: 1/0'));
      const target = /<(.*)>/.exec(answer.header('Contact'))?.[1] ?? '';
      const refreshed = await bob.request('SUBSCRIBE', target, bob.aor, {
        ...headers,
        From: `<sip:${bob.aor}>;tag=1`,
        To: answer.header('To'),
        'Call-ID': bob.name,
        CSeq: '3 SUBSCRIBE',
        Route: answer.header('Record-Route'),
      });
      expect(refreshed.status).toBe(200);
      await bob.register({ expires: 600 });
      await bob.received(1);
      await until(() => lamp() === 'Messages-Waiting: no\r\n');
    });

    test('is closed to strangers, who are refused, and to thieves among its users', async () => {
      const bob = await world.phone('bob');
      const [eve, mallory] = [
        await world.phone(bob.name, { password: undefined }),
        await world.phone('mallory', { password: 'guessed' }),
      ];
      expect((await bob.register({ expires: 600 })).status).toBe(200);
      await world.knows(bob, 1);
      const before = bob.messages.length;
      const subscription = { Contact: eve.contact, Event: 'message-summary' };
      // Without a password, and with a wrong one.
      expect((await eve.register({ contact: '*', expires: 0 })).status).toBe(401);
      expect((await eve.message(bob.aor, 'hello')).status).toBe(407);
      expect((await eve.request('SUBSCRIBE', `sip:${bob.aor}`, bob.aor, subscription)).status).toBe(407);
      expect((await mallory.register()).status).toBe(401);
      // With one's own, in the name of somebody else: of the From, and of what only a proxy may say.
      const thief = await world.phone('thief');
      const asBob = { From: `<sip:${bob.aor}>;tag=1` };
      expect((await thief.message(bob.aor, 'hello', { headers: asBob })).status).toBe(407);
      expect((await thief.register({ headers: { ...asBob, To: `<sip:${bob.aor}>` } })).status).toBe(401);
      const headers = { 'P-Asserted-Identity': `<sip:${bob.aor}>` };
      const watching = { ...subscription, Contact: thief.contact, ...headers };
      expect((await thief.request('SUBSCRIBE', `sip:${bob.aor}`, bob.aor, watching)).status).toBe(403);
      await world.knows(bob, 1);
      expect(bob.messages).toHaveLength(before);
    });

    test('takes publications of the voicemail server and of no phone', async () => {
      const bob = await world.phone('bob');
      const type = { Event: 'message-summary', 'Content-Type': 'application/simple-message-summary' };
      const publish = (phone: Phone) =>
        phone.request('PUBLISH', `sip:${bob.aor}`, bob.aor, type, Buffer.from('Messages-Waiting: yes\r\n'));
      expect((await publish(bob)).status).toBe(403);
      const voicemail = await world.direct('voicemail');
      expect((await publish(voicemail)).status).toBe(200);
      voicemail.close();
    });

    test('is no way around Kamailio: a stranger can name no Route', async () => {
      const eve = await world.phone('eve');
      const Route = `<sip:silo@127.0.0.1:${world.port};lr;received=sip:127.0.0.1:9>`;
      const answer = await eve.message('bob', 'hi', { uri: 'sip:bob@192.0.2.9', headers: { Route } });
      expect(answer.status).toBe(403);
      const inside = { Route, To: '<sip:bob@example.org>;tag=1' };
      expect((await eve.message('bob', 'hi', { uri: 'sip:bob@192.0.2.9', headers: inside })).status).toBe(
        481,
      );
    });

    test(
      'is missed, but not needed by phones: they register, and a sender is told',
      { timeout: 40_000 },
      async () => {
        const alice = await world.phone('alice');
        const bob = await world.phone('bob');
        await world.stopApp();
        try {
          expect((await bob.register({ expires: 600 })).status).toBe(200);
          expect((await alice.message('nobody', 'one')).status).toBe(408);
          if (defines.length === 0) await sendAll(alice, bob, ['live'], 200);
          // Kamailio repeats what it sends: a restart goes unnoticed.
          const sent = alice.message('nobody-else', 'two');
          await alice.heard();
          await world.startApp();
          expect((await sent).status).toBe(202);
        } finally {
          await world.startApp();
        }
        // It learns of the device at its next registration.
        await sendAll(alice, bob, defines.length === 0 ? [] : ['later']);
        await bob.register({ expires: 600 });
        await bob.received(1);
      },
    );
  });
});

describe('behind a Kamailio, the way back to a device', needing(kamailioMissing()), () => {
  const world = behind([], {
    SILO_NOTICE_FROM: 'sip:silo@example.org',
    SILO_NOTICE_BODY: 'stored for {user}',
  });

  test.each<Transport>(['udp', 'tcp'])(
    'leads a notice to its author, who is registered there, over %s',
    async (transport) => {
      const alice = await world.phone('alice', { transport });
      await alice.register({ expires: 600 });
      await world.knows(alice, 1);
      expect((await alice.message('carol', 'hello')).status).toBe(202);
      const [notice] = await alice.received(1);
      expect(notice?.body.toString()).toBe('stored for carol');
      expect(notice?.header('From')).toContain('<sip:silo@example.org>');
      expect(notice?.header('Via')).toContain(`:${world.port};`);
    },
  );

  test('leads a receipt to its author, who is registered there', async () => {
    const alice = await world.phone('alice');
    await alice.register({ expires: 600 });
    await world.knows(alice, 1);
    const body =
      'From: <im:alice@example.org>\r\nTo: <im:carol@example.org>\r\nNS: imdn <urn:ietf:params:imdn>\r\n' +
      'imdn.Message-ID: 1\r\nimdn.Disposition-Notification: processing\r\n\r\nContent-Type: text/plain\r\n\r\nhi';
    expect((await alice.message('carol', body, { contentType: 'message/cpim' })).status).toBe(202);
    await alice.received(2);
    expect(alice.texts.join()).toContain('<stored/>');
    expect(alice.texts.join()).toContain('stored for carol');
  });

  test('has room for a contact with push parameters of 350 bytes', async () => {
    const [dora, bob] = [await world.phone('dora'), await world.phone('bob')];
    await sendAll(dora, bob, ['hello']);
    const contact = `${bob.contact.slice(1, -1)};pn-provider=fcm;pn-prid=${'x'.repeat(300)}`;
    expect(contact.length).toBeGreaterThan(345);
    expect((await bob.register({ expires: 600, contact: `<${contact}>` })).status).toBe(200);
    await bob.received(1);
    expect(bob.messages[0]?.start).toBe(`MESSAGE ${contact} SIP/2.0`);
  });

  test('is too long for a contact of 450 bytes: the log says so, since Kamailio has said 200', async () => {
    const bob = await world.phone('bob');
    const contact = `${bob.contact.slice(0, -1)};pn-prid=${'x'.repeat(420)}>`;
    expect((await bob.register({ expires: 600, contact })).status).toBe(200);
    await expect
      .poll(() => world.log, { timeout: LONG })
      .toMatch(/A registration is refused, .*: Contact and Path take \d+ bytes through drachtio-server/);
  });
});
