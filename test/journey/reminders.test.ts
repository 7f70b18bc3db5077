/** Messages with a set time, on two processes of the app that share a MariaDB. */
import { afterEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { nothingMore } from '../support/sentinel.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function twoApps(): Promise<readonly [RunningApp, RunningApp]> {
  const database = await (await sharedMariaDb()).createDatabase();
  ends.push(() => database.drop());
  const start = async (node: string) => {
    const app = await startApp({
      SILO_STORE: database.url,
      SILO_NODE: node,
      SILO_SEND_AT_HEADER: 'X-Send-At',
    });
    ends.push(() => app.process.stop());
    return app;
  };
  return [await start('one'), await start('two')];
}
async function phone(name: string, { server }: RunningApp): Promise<Phone> {
  const started = await Phone.start(name, { server });
  ends.push(() => started.close());
  return started;
}
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
const sendAt = (time: number) => ({ headers: { 'X-Send-At': new Date(time * 1000).toISOString() } });

describe('two processes of the app on one MariaDB', needing(mariadbMissing()), () => {
  test('a reminder set for 2 s ahead on one arrives once and on time, whichever serves the device', async () => {
    const [one, two] = await twoApps();
    const [alice, bob] = [await phone('alice', one), await phone('bob', two)];
    await bob.register({ expires: 600 });
    const due = inSeconds(2);
    expect((await alice.message('bob', 'now', sendAt(due))).status).toBe(202);
    expect((await alice.message('bob', 'later', sendAt(due + 2))).status).toBe(202);
    await bob.received(1);
    const late = Date.now() - due * 1000;
    expect(late).toBeGreaterThan(-20);
    // Both have looked at their tables meanwhile, and found nothing more to send.
    await bob.received(2);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['now', 'later']);
  });

  test('with the device away it waits, and arrives once when the device registers on either', async () => {
    const [one, two] = await twoApps();
    const alice = await phone('alice', one);
    const carol = await phone('carol', two);
    await carol.register({ expires: 600 });
    const due = inSeconds(1);
    await alice.message('bob', 'missed', sendAt(due));
    await alice.message('carol', 'a second later', sendAt(due + 1));
    await carol.received(1);
    const bob = await phone('bob', two);
    await bob.register({ expires: 600 });
    await bob.received(1);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['missed']);
  });
});
