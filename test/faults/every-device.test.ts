/** Every device gets every message, also when the app is killed in the middle of it, and on two nodes. */
import { afterEach, describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { AppNode } from '../support/load/app-node.ts';
import { until } from '../support/until.ts';
import { ownMariaDb, ownSqlite } from './own-store.ts';

const DEVICES = 4;
const MESSAGES = 60;
const KILLS = 6;
/** Messages that are taken, by any device, between two kills. */
const EVERY = 25;

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function node(store: string, name: string): Promise<AppNode> {
  const env = { SILO_DELIVER_TO: 'every', SILO_LEASE_TIME: '3' };
  const made = await AppNode.create({ store, name, env });
  ends.push(() => made.kill());
  await made.start();
  await made.ready();
  return made;
}
async function device(n: number, on: AppNode): Promise<Phone & { on(): Promise<unknown> }> {
  const phone = await Phone.start('bob', { server: on.server });
  ends.push(() => phone.close());
  const params = `;+sip.instance="<urn:uuid:device-${n}>"`;
  return Object.assign(phone, { on: () => phone.register({ expires: 600, params }) });
}
async function sent(on: AppNode): Promise<readonly string[]> {
  const alice = await Phone.start('alice', { server: on.server });
  ends.push(() => alice.close());
  const texts = Array.from({ length: MESSAGES }, (_, i) => `message ${i}`);
  for (const text of texts) expect((await alice.message('bob', text)).status).toBe(202);
  return texts;
}
/** Each has all, in order; of each kill at most one message a device is a copy, with the Call-ID of the first one. */
function judge(devices: readonly Phone[], texts: readonly string[], kills: number): void {
  for (const one of devices) {
    const calls = one.messages.map((message) => message.header('Call-ID'));
    const distinct = [...new Set(one.texts)];
    expect(distinct).toEqual(texts);
    expect(new Set(calls).size).toBe(texts.length);
    expect(one.messages.length - texts.length).toBeLessThanOrEqual(kills);
  }
}
async function allArrived(devices: readonly Phone[]): Promise<void> {
  await until(() => devices.every((one) => new Set(one.texts).size === MESSAGES), 60_000);
}

describe('every device', () => {
  test(`kill -9 ${KILLS} times in the middle: each device has each message, in order, doubled at most once per kill`, async () => {
    const store = ownSqlite();
    ends.push(() => store.drop());
    const app = await node(store.url, 'one');
    const devices = await Promise.all(Array.from({ length: DEVICES }, (_, n) => device(n, app)));
    for (const one of devices) await one.on();
    await Promise.all(devices.map((one) => one.unregister()));
    const texts = await sent(app);
    let [taken, kills] = [0, 0];
    /** While one of them has a message in hand, again and again. */
    const killed = async () => {
      await app.kill();
      await app.start();
      await app.ready();
      for (const one of devices) await one.on();
    };
    for (const one of devices)
      one.react = async ({ method }) => {
        if (method === 'MESSAGE' && ++taken >= (kills + 1) * EVERY && kills < KILLS) {
          kills++;
          await killed();
        }
        return 200;
      };
    for (const one of devices) await one.on();
    await allArrived(devices);
    expect(kills).toBe(KILLS);
    judge(devices, texts, KILLS);
  }, 180_000);

  test(
    'devices on two nodes, each with a SIP server of its own: each has each message once, in order',
    { timeout: 180_000, ...needing(mariadbMissing()) },
    async () => {
      const database = await ownMariaDb();
      ends.push(() => database.drop());
      const [one, two] = [await node(database.url, 'one'), await node(database.url, 'two')];
      const devices = await Promise.all(
        Array.from({ length: DEVICES }, (_, n) => device(n, n % 2 ? one : two)),
      );
      for (const each of devices) await each.on();
      const texts = await sent(one);
      await allArrived(devices);
      judge(devices, texts, 0);
    },
  );
});
