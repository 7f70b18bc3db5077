/** What the start says to try was no address that a phone takes: `sip:<name>@::1 at ::1:5060`, or `0.0.0.0`. */
import { expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { ipv6Missing } from '../support/ipv6.ts';
import { needing } from '../support/needing.ts';
import { startProcess } from '../support/process.ts';

async function hint(listen: string): Promise<string> {
  const app = await startProcess(process.execPath, ['dist/app.js'], {
    env: {
      // These are the lines of the embedded front end.
      SILO_CONFORMANCE_SIP: undefined,
      SILO_CONFORMANCE_ADMIN: undefined,
      SILO_CONFORMANCE_SECRET: undefined,
      SILO_CONFORMANCE_RESTART: undefined,
      SILO_STORE: 'sqlite::memory:',
      SILO_SIP_LISTEN: listen,
      SILO_OPEN: 'yes',
      SILO_HTTP_LISTEN: 'off',
    },
  });
  const line = await app.line('  Register any SIP phone');
  await app.stop();
  return line;
}

test('an IPv6 address has its brackets', needing(ipv6Missing()), async () => {
  const port = await freePort();
  expect(await hint(`[::1]:${port}`)).toContain(`sip:<name>@[::1] at [::1]:${port} `);
});

test('all addresses: one that a phone can send to is named', async () => {
  const port = await freePort();
  const line = await hint(`0.0.0.0:${port}`);
  expect(line).not.toContain('0.0.0.0');
  expect(line).toContain(`:${port} `);
});
