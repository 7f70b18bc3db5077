import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configSchema, readConfig, variableOf } from '../../lib/config/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

describe('the options', () => {
  test('have defaults that need nothing else installed', () => {
    expect(readConfig({})).toMatchObject({
      store: 'sqlite:./silo.db',
      drachtioHost: '',
      sipListen: '127.0.0.1:5060',
      domains: [],
      expireTime: 259_200,
    });
  });

  test('come from the environment, one variable per option', () => {
    expect(Object.keys(configSchema.shape).map(variableOf)).toContain('SILO_EXPIRE_TIME');
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
      expireTime: 60,
      domains: ['example.org', 'example.net'],
      addDate: true,
      drachtioHost: 'sip1',
      drachtioPort: 9999,
    });
  });

  test('come from a JSON file, and the environment wins', () => {
    const folder = temporaryFolder('silo-config');
    const path = join(folder.path, 'silo.json');
    writeFileSync(path, JSON.stringify({ expireTime: 100, checkTime: 5, domains: ['example.org'] }));
    expect(readConfig({ SILO_CONFIG: path, SILO_CHECK_TIME: '7' })).toMatchObject({
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
  ])('are refused with a sentence that names them: %o', (env, sentence) => {
    expect(() => readConfig(env)).toThrow(sentence);
  });
});
