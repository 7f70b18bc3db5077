/** The application, as a user runs it, on a database server that requires TLS. */
import { expect, describe, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { secureMariadbMissing, startSecureMariaDb } from '../support/secure-mariadb.ts';
import { until } from '../support/until.ts';

describe('an application whose database requires TLS', needing(secureMariadbMissing()), () => {
  test('starts, serves, and goes on after the server was killed', async () => {
    const db = await startSecureMariaDb();
    const app = await startApp({ SILO_STORE: db.url, SILO_STORE_CA: db.authority.ca });
    const [alice, bob] = [
      await Phone.start('alice', { server: app.server }),
      await Phone.start('bob', { server: app.server }),
    ];
    expect((await alice.message('bob', 'before')).status).toBe(202);
    db.server.kill('SIGKILL');
    await db.server.down();
    expect((await alice.message('bob', 'meanwhile')).status).toBe(503);
    await db.server.start();
    const again = { callId: 'one', cseq: 1, tag: 't' };
    await until(async () => expect((await alice.message('bob', 'after', again)).status).toBe(202));
    await bob.register({ expires: 600 });
    await bob.received(2);
    expect(bob.texts).toEqual(['before', 'after']);
    alice.close();
    bob.close();
    await app.process.stop();
    await db.stop();
  });
});
