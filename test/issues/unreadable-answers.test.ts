/** A device's answer with a line that is no header: it was lost, and printed whole with a stack trace. */
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { Phone } from '../support/phone.ts';

test('an answer with a line that is no header counts, and nothing of it is printed', async () => {
  const app = await startApp();
  const bob = await Phone.start('bob', { server: app.server });
  const alice = await Phone.start('alice', { server: app.server });
  try {
    bob.react = (request) => ({
      raw: () =>
        [
          'SIP/2.0 200 OK',
          ...['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${request.header(name)}`),
          'This line is no header',
          'Nor This: one',
          'Content-Length: 0',
          '',
          '',
        ].join('\r\n'),
    });
    await bob.register();
    const began = performance.now();
    expect((await alice.message('bob', 'hello')).status).toBe(200);
    // Else it would have been stored when the live delivery had taken too long.
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(app.process.stderr).toBe('');
  } finally {
    bob.close();
    alice.close();
    await app.process.stop();
  }
});
