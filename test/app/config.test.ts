import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configSchema, readConfig, variableOf } from '../../lib/config.ts';
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
  ])('are refused with a sentence that names them: %o', (env, sentence) => {
    expect(() => readConfig(env)).toThrow(sentence);
  });
});
