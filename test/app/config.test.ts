import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CONFIGURABLE, readConfig } from '../../lib/config/config.ts';
import { variableOf } from '../../lib/options/listing.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('the options', () => {
  test('have defaults that need nothing else installed', () => {
    expect(readConfig({})).toMatchObject({
      store: { url: 'sqlite:./silo.db' },
      drachtio: { host: '' },
      frontEnd: { listen: '127.0.0.1:5060' },
      silo: { domains: [], expireTime: 259_200 },
    });
  });

  test('come from the environment, one variable per option', () => {
    expect([...CONFIGURABLE.keys()].map(variableOf)).toContain('SILO_EXPIRE_TIME');
    expect(
      readConfig({
        SILO_EXPIRE_TIME: '60',
        SILO_DOMAINS: 'Example.org, example.net',
        SILO_ADD_DATE: 'yes',
        DRACHTIO_HOST: 'sip1',
        DRACHTIO_PORT: '9999',
        PATH: '/bin',
      }),
    ).toMatchObject({
      silo: { expireTime: 60, domains: ['example.org', 'example.net'], addDate: true },
      drachtio: { host: 'sip1', port: 9999 },
    });
  });

  test('come from a JSON file, and the environment wins', () => {
    const folder = temporaryFolder('silo-config');
    const path = join(folder.path, 'silo.json');
    writeFileSync(path, JSON.stringify({ expireTime: 100, checkTime: 5, domains: ['example.org'] }));
    expect(readConfig({ SILO_CONFIG: path, SILO_CHECK_TIME: '7' }).silo).toMatchObject({
      expireTime: 100,
      checkTime: 7,
      domains: ['example.org'],
    });
    writeFileSync(path, '[1]');
    expect(() => readConfig({ SILO_CONFIG: path })).toThrow('wanted is a JSON object of options');
    writeFileSync(path, JSON.stringify({ expiretime: 100 }));
    expect(() => readConfig({ SILO_CONFIG: path })).toThrow('expiretime');
    folder.remove();
    expect(() => readConfig({ SILO_CONFIG: path })).toThrow(path);
  });

  test.each([
    [{ SILO_EXPIRE_TIME: 'soon' }, /SILO_EXPIRE_TIME \(found "soon"\)/],
    [{ SILO_CHECK_TIME: '0' }, /SILO_CHECK_TIME \(found "0"\)/],
    [{ SILO_ADD_DATE: 'perhaps' }, /SILO_ADD_DATE/],
    // Beyond what a timer can wait it would not wait at all.
    [{ SILO_MWI_NOTIFY_INTERVAL: '99999999999' }, /SILO_MWI_NOTIFY_INTERVAL/],
    [{ SILO_EXPIRETIME: '5' }, /There is no option SILO_EXPIRETIME/],
    [{ SILO_MAX_MESSAGES: '' }, /SILO_MAX_MESSAGES \(found ""\): wanted is a whole number/],
    [{ SILO_MAX_MESSAGES: '1.5' }, /SILO_MAX_MESSAGES \(found "1.5"\): wanted is a whole number/],
    [{ SILO_MAX_BYTES: '-1' }, /SILO_MAX_BYTES/],
    [{ SILO_OVERFLOW: 'oldest' }, /SILO_OVERFLOW .*"drop-oldest"/],
    [{ SILO_DELIVER_TO: 'all' }, /SILO_DELIVER_TO .*"first"\|"every"/],
    [{ SILO_DEVICE_MEMORY: '0' }, /SILO_DEVICE_MEMORY/],
    [{ SILO_IMDN: 'maybe' }, /SILO_IMDN \(found "maybe"\): wanted is true or false/],
    [{ SILO_STORE_TYPES: 'text' }, /SILO_STORE_TYPES .*wanted are media types such as text\/plain/],
    [{ SILO_SKIP_TYPES: 'text/plain, text/' }, /SILO_SKIP_TYPES/],
    [{ SILO_KEEP_HEADERS: 'X Y' }, /SILO_KEEP_HEADERS .*wanted are names of headers/],
    [{ SILO_DROP_HEADERS: 'X:Y' }, /SILO_DROP_HEADERS/],
    [{ SILO_EXTRA_HEADERS: 'X-A: 1' }, /SILO_EXTRA_HEADERS .*wanted is a JSON object/],
    [{ SILO_EXTRA_HEADERS: '[1]' }, /SILO_EXTRA_HEADERS .*wanted is a JSON object/],
    [{ SILO_EXTRA_HEADERS: '{"X-A":5}' }, /SILO_EXTRA_HEADERS\.X-A .*wanted is a text/],
    [{ SILO_EXTRA_HEADERS: '{"X-A":"a\\r\\nb"}' }, /SILO_EXTRA_HEADERS\.X-A .*without control characters/],
    [{ SILO_EXTRA_HEADERS: '{"Via":"x"}' }, /SILO_EXTRA_HEADERS\.Via .*not written anyway/],
    [{ SILO_EXTRA_HEADERS: '{"f":"x"}' }, /SILO_EXTRA_HEADERS\.f .*not written anyway/],
    [{ SILO_SEND_AT_HEADER: 'Send at' }, /SILO_SEND_AT_HEADER .*wanted is the name of a header/],
    [{ SILO_SEND_AT_HEADER: 'To' }, /SILO_SEND_AT_HEADER/],
    [{ SILO_SEND_AT_ZONE: 'Mars' }, /SILO_SEND_AT_ZONE .*Europe\/Berlin/],
    [{ SILO_REMINDER_FROM: 'bob' }, /SILO_REMINDER_FROM .*wanted is a URI/],
    [{ SILO_NOTICE_FROM: 'bob' }, /SILO_NOTICE_FROM .*wanted is a URI/],
    [{ SILO_NOTICE_TYPE: 'text' }, /SILO_NOTICE_TYPE .*wanted is type\/subtype/],
    [{ SILO_NOTICE_TYPE: 'text/plain;x="\r\n"' }, /SILO_NOTICE_TYPE/],
    [{ SILO_NOTICE_CONTACT: '<sip:a@b>\r\nTo: x' }, /SILO_NOTICE_CONTACT .*one line/],
    [{ SILO_NOTICE_BODY: 'x'.repeat(20_000) }, /SILO_NOTICE_BODY \(found "x{199}\): wanted are at most 4000/],
    [{ SILO_OUTBOUND_PROXY: 'tel:+1' }, /SILO_OUTBOUND_PROXY .*SIP URI/],
    [{ SILO_OUTBOUND_PROXY: 'sip:10.0.0.1:0' }, /SILO_OUTBOUND_PROXY .*a port from 1 to 65535/],
    [{ DRACHTIO_PORT: '70000' }, /DRACHTIO_PORT \(found "70000"\): wanted is a whole number from 1 to 65535/],
    [{ SILO_SIP_LISTEN: '5060' }, /SILO_SIP_LISTEN \(found "5060"\): wanted are addresses such as/],
    [{ SILO_SIP_LISTEN: '127.0.0.1:5060,::1' }, /SILO_SIP_LISTEN/],
    [{ SILO_DOMAINS: ',,' }, /SILO_DOMAINS \(found ",,"\): wanted are domains/],
    [{ SILO_DOMAINS: 'example.org:5060' }, /SILO_DOMAINS .*without ports/],
    [{ SILO_TEL_DOMAIN: 'a b' }, /SILO_TEL_DOMAIN \(found "a b"\): wanted is a host name/],
    [{ SILO_NODE: '' }, /SILO_NODE \(found ""\): wanted is one line of 1 to 90 characters/],
    [{ SILO_NODE: 'a\nb' }, /SILO_NODE \(found "a\\nb"\)/],
    [{ SILO_NODE: 'x'.repeat(400) }, /SILO_NODE/],
    [{ SILO_LEASE_TIME: '9999999' }, /SILO_LEASE_TIME .*from 3 to 2000000/],
    [{ SILO_MWI_ACCOUNT: 'sip:a@b\r\nX: y' }, /SILO_MWI_ACCOUNT .*wanted is a URI/],
    [{ SILO_MWI_ACCOUNT: 'voicemail' }, /SILO_MWI_ACCOUNT .*wanted is a URI/],
    [
      { SILO_MWI_ACCOUNT: 'sip:{nosuch}@b' },
      /no variable \{nosuch\}; wanted are only \{aor\}, \{user\}, \{domain\}/,
    ],
    [{ SILO_NOTICE_BODY: 'for {name}' }, /SILO_NOTICE_BODY .*no variable \{name\}; .*\{box\}/],
    [{ SILO_NOTICE_CONTACT: '<sip:{uzer}@b>' }, /SILO_NOTICE_CONTACT .*no variable \{uzer\}/],
    [{ SILO_EXTRA_HEADERS: '{"X-A":"{nosuch}"}' }, /SILO_EXTRA_HEADERS\.X-A .*no variable \{nosuch\}/],
    [{ SILO_OUTCOMES: '404=gone' }, /SILO_OUTCOMES\.404 .*"dead"/],
    [{ SILO_OUTCOMES: '99=dead' }, /SILO_OUTCOMES\.99 .*<status>=<verdict>/],
    [{ SILO_MWI_PUBLISHERS: '192.0.2.0/33' }, /SILO_MWI_PUBLISHERS .*"192.0.2.0\/33" is no network/],
    [
      { SILO_MIN_EXPIRES: '7200', SILO_MAX_EXPIRES: '60' },
      /SILO_MIN_EXPIRES \(found 7200\): wanted is at most 60 \(SILO_MAX_EXPIRES\)/,
    ],
    [
      { SILO_MAX_EXPIRES: '600', SILO_DEFAULT_EXPIRES: '900' },
      /SILO_DEFAULT_EXPIRES \(found 900\): wanted is from 60 \(SILO_MIN_EXPIRES\) to 600 \(SILO_MAX_EXPIRES\)/,
    ],
    [{ SILO_MWI_MIN_SUBSCRIPTION: '90000' }, /SILO_MWI_MIN_SUBSCRIPTION .*SILO_MWI_MAX_SUBSCRIPTION/],
    [{ SILO_MWI_DEFAULT_PUBLICATION: '5' }, /SILO_MWI_DEFAULT_PUBLICATION .*SILO_MWI_MIN_PUBLICATION/],
    [{ SILO_EXPIRE_TIM: '5' }, /There is no option SILO_EXPIRE_TIM\. Did you mean SILO_EXPIRE_TIME\?/],
    [{ SILO_MWI_COMPOZE: 'sum' }, /Did you mean SILO_MWI_COMPOSE\?/],
  ])('are refused with a sentence that names them: %o', (env, sentence) => {
    expect(() => readConfig(env)).toThrow(sentence);
  });

  test('what rooms share has one name and reaches each of them', () => {
    const config = readConfig({
      SILO_STOP_GRACE: '1000',
      SILO_TAIL_TIME: '0.5',
      SILO_LEASE_TIME: '30',
      SILO_NODE: 'one',
      SILO_DOMAINS: 'Example.org',
      SILO_TEL_DOMAIN: 'Example.net',
    });
    const common = { stopGrace: 1000, tailTime: 0.5, leaseTime: 30, node: 'one' };
    const addresses = { domains: ['example.org'], telDomain: 'example.net' };
    expect(config.silo).toMatchObject({ ...common, ...addresses });
    expect(config.mwi).toMatchObject({ ...common, ...addresses });
    expect(config.registrar).toMatchObject(addresses);
    expect(config.node).toEqual({ node: 'one', leaseTime: 30 });
  });

  test('the usual time follows the longest one where only that is given', () => {
    expect(readConfig({ SILO_MAX_EXPIRES: '600' }).registrar.defaultExpires).toBe(600);
    expect(readConfig({ SILO_MWI_MIN_PUBLICATION: '7200' }).mwi.defaultPublication).toBe(7200);
  });

  test('in a file are refused under the name that stands there', () => {
    const folder = temporaryFolder('silo-config');
    const path = join(folder.path, 'silo.json');
    const refusal = (text: string) => {
      writeFileSync(path, text);
      return () => readConfig({ SILO_CONFIG: path });
    };
    expect(refusal('{"mwiCompose":"average"}')).toThrow(`Option mwiCompose in ${path} (found "average")`);
    expect(refusal('{"expireTime":null}')).toThrow(`Option expireTime in ${path} (found null)`);
    expect(refusal('{"expireTim":5}')).toThrow('Did you mean expireTime?');
    expect(refusal('{"minExpires":9000}')).toThrow(
      `minExpires in ${path} (found 9000): wanted is at most 3600 (SILO_MAX_EXPIRES)`,
    );
    folder.remove();
  });

  test.each([
    '{"drachtioSecret":["s3cret"]}',
    '{"drachtioSecret":{"is":"s3cret"}}',
    '{"store":["mysql://u:s3cret@h/d"]}',
    '{"store":"mysql://u:s3cret@h/d"',
    '{"store":"mysql://u:p@h/d","drachtioSecret":s3cret}',
    's3cret',
  ])('a secret is not repeated, whatever is wrong: %s', (text) => {
    const folder = temporaryFolder('silo-config');
    const path = join(folder.path, 'silo.json');
    writeFileSync(path, text);
    try {
      readConfig({ SILO_CONFIG: path });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'SILO_CONFIG' });
      expect(inspect(error)).not.toContain('s3cret');
    }
    folder.remove();
  });
});
