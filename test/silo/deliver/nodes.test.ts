/** Several nodes, each with a drachtio-server of its own, on one database. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { reachableFrom } from '../../../lib/sip/read/next-hop.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { Phone, type PhoneOptions } from '../../support/phone.ts';
import { looked, nothingMore } from '../../support/sentinel.ts';
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';
import { aBinding } from '../../stores/contract/messages.ts';

let folder: TemporaryFolder;
let nodes: [TestNode, TestNode];
let phones: Phone[];

beforeEach(async () => {
  phones = [];
  folder = temporaryFolder('silo-nodes');
  const storeUrl = `sqlite:${join(folder.path, 'silo.db')}`;
  const silo = { tailTime: 0.1, liveTimeout: 300 };
  // Embedded in any case: a real drachtio-server would be one for both.
  nodes = [
    await startNode({ storeUrl, front: {}, silo: { ...silo, node: 'a' } }),
    await startNode({ storeUrl, front: {}, silo: { ...silo, node: 'b' } }),
  ];
});
afterEach(async () => {
  for (const phone of phones) phone.close();
  for (const node of nodes) await node.close();
  folder.remove();
});
async function phone(name: string, on: 0 | 1, options: Partial<PhoneOptions> = {}): Promise<Phone> {
  const started = await Phone.start(name, { server: nodes[on].server, ...options });
  phones.push(started);
  return started;
}
const settled = (delivered: number) =>
  until(async () => expect(await nodes[0].store.ledger()).toMatchObject({ waiting: 0, delivered }));

describe('two nodes on one database', () => {
  test('a message stored on one is delivered at once by the other, which has the connection of the device', async () => {
    const [alice, bob] = [await phone('alice', 0), await phone('bob', 1, { transport: 'tcp' })];
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'across')).status).toBe(202);
    await bob.received(1);
    await settled(1);
    for (const node of nodes) await looked(node);
    await nothingMore(bob);
    expect(bob.texts).toEqual(['across']);
  });

  test('a device that stores on one node and registers on the other gets its mail there', async () => {
    const alice = await phone('alice', 0);
    for (const text of ['one', 'two', 'three']) expect((await alice.message('bob', text)).status).toBe(202);
    const bob = await phone('bob', 1);
    await looked(nodes[1]);
    await bob.register({ expires: 600 });
    await bob.received(3);
    expect(bob.texts).toEqual(['one', 'two', 'three']);
    await settled(3);
  });

  test('a registration in the very moment in which the other node stores: nothing is forgotten', async () => {
    const alice = await phone('alice', 0);
    for (let i = 0; i < 20; i++) {
      const bob = await phone(`bob${i}`, 1);
      const [answer] = await Promise.all([alice.message(`bob${i}`, 'now'), bob.register({ expires: 600 })]);
      expect([200, 202]).toContain(answer.status);
      await bob.received(1);
    }
  });

  test('a live message goes behind what the other node has stored, before this one has looked at the table', async () => {
    const [alice, carol, bob] = [await phone('alice', 0), await phone('carol', 1), await phone('bob', 1)];
    for (let i = 0; i < 10; i++) {
      expect((await alice.message('bob', `stored ${i}`)).status).toBe(202);
      await bob.register({ expires: 600 });
      await carol.message('bob', `live ${i}`);
      await bob.received(2 * (i + 1));
      await bob.unregister();
    }
    expect(bob.texts).toEqual(Array.from({ length: 10 }, (_, i) => [`stored ${i}`, `live ${i}`]).flat());
  });

  test('a message that becomes visible after a younger one of another node is not overtaken by what follows it', async () => {
    const [alice, bob] = [await phone('alice', 0), await phone('bob', 1)];
    // An id for the late one, lower than that of the message which a faster transaction makes visible first.
    const late = 1000;
    const place = (id: number, aor: string, text: string) => {
      const table = new DatabaseSync(join(folder.path, 'silo.db'));
      table.exec('pragma busy_timeout = 5000');
      const time = Math.floor(Date.now() / 1000);
      table
        .prepare(
          `insert into silo (id, src_addr, dst_addr, box, dedup, inc_time, exp_time, body)
             values (?, 'sip:dave@example.org', ?, ?, ?, ?, ?, ?)`,
        )
        .run(id, `sip:${aor}`, aor, String(id), time, time + 60, Buffer.from(text));
      table.close();
    };
    place(late + 1, 'nobody@example.org', '');
    expect((await alice.message('bob', 'younger')).status).toBe(202);
    bob.react = async (_, nth) => {
      if (nth > 1) return 200;
      place(late, bob.aor, 'older');
      expect((await alice.message('bob', 'sent after both')).status).toBe(202);
      return 200;
    };
    await bob.register({ expires: 600 });
    await bob.received(3);
    expect(bob.texts).toEqual(['younger', 'older', 'sent after both']);
  });

  test('a UDP device without NAT is reached live by any node', async () => {
    const [alice, bob] = [await phone('alice', 0), await phone('bob', 1)];
    await bob.register({ expires: 600 });
    expect((await alice.message('bob', 'direct')).status).toBe(200);
    expect(bob.texts).toEqual(['direct']);
  });

  test('both wake the same boxes: no message is sent twice, none is out of order', async () => {
    const alice = await phone('alice', 0);
    const names = Array.from({ length: 5 }, (_, i) => `bob${i}`);
    const sent = Array.from({ length: 12 }, (_, i) => `message ${i}`);
    for (const text of sent) await Promise.all(names.map((name) => alice.message(name, text)));
    const bobs = await Promise.all(names.map((name) => phone(name, 1)));
    await Promise.all(
      bobs.map(async (bob) => {
        await bob.register({ expires: 600 });
        for (let i = 1; i <= 5; i++) {
          nodes[0].silo.dump(bob.aor);
          nodes[1].silo.dump(bob.aor);
          await bob.received(2 * i);
        }
      }),
    );
    await settled(names.length * sent.length);
    for (const bob of bobs) expect(bob.texts).toEqual(sent);
  });
});

describe('which node reaches a device', () => {
  const at = (over: Parameters<typeof aBinding>[2]) =>
    reachableFrom(
      'udp/a',
      aBinding('bob@example.org', 'sip:bob@192.0.2.1:5070', { path: [], server: 'udp/b', ...over }),
    );
  const source = (protocol: string, address: string) => ({ source: { protocol, address, port: 5070 } });

  test('the one that the device is connected to, for TCP and behind NAT; any, along a Path or straight over UDP', () => {
    expect(at(source('tcp', '192.0.2.1'))).toBe(false);
    expect(at({ ...source('tcp', '192.0.2.1'), server: 'udp/a' })).toBe(true);
    expect(at(source('udp', '198.51.100.7'))).toBe(false);
    expect(at(source('udp', '192.0.2.1'))).toBe(true);
    expect(at({ ...source('tcp', '192.0.2.1'), path: ['<sip:edge.example.org;lr>'] })).toBe(true);
    expect(at({ ...source('tcp', '192.0.2.1'), server: '' })).toBe(true);
    expect(at({ ...source('tcp', '192.0.2.1'), server: 'tcp/a,udp/a' })).toBe(true);
  });
});
