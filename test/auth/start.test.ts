/** The application as a user starts it where strangers can reach it: it says what to set, or that it is open. */
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { launchApp } from '../support/app.ts';
import { until } from '../support/until.ts';

async function launch(env: Readonly<Record<string, string>>) {
  const port = await freePort();
  return launchApp({ SILO_STORE: 'sqlite::memory:', SILO_SIP_LISTEN: `0.0.0.0:${port}`, ...env });
}

test('beyond loopback without users and trust it does not start, and says what to set', async () => {
  const app = await launch({});
  await until(() =>
    expect(app.stderr).toMatch(/can't start: Strangers can reach .*SILO_TRUST.*SILO_OPEN=yes/),
  );
  expect(await app.exited).toEqual({ code: 1, signal: null });
  expect(app.stdout).not.toContain('ready');
});

test.each([
  ['with trusted proxies it starts', { SILO_TRUST: '192.0.2.0/28' }, /^$/],
  ['it starts where its operator insists, with a warning', { SILO_OPEN: 'yes' }, /SILO_OPEN: everybody who/],
])('%s', async (_, env, warning) => {
  const app = await launch(env);
  await app.line('drachtio-silo ready');
  expect(app.stderr).toMatch(warning);
  expect(await app.stop()).toEqual({ code: 0, signal: null });
});
