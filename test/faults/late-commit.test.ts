/** A row of another node or program whose transaction commits long after others have stored theirs: both nodes learn of it. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createConnection } from 'mysql2/promise';
import { mariadbMissing } from '../support/mariadb.ts';
import type { TestDatabase } from '../support/mariadb-database.ts';
import { needing } from '../support/needing.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { until } from '../support/until.ts';

/** The tail reads the last ten seconds again and again; what commits later than that it does not see. */
const LATE_MS = 12_000;
const RECIPIENTS = 10;

describe('a transaction that commits late', needing(mariadbMissing()), () => {
  let database: TestDatabase;
  let nodes: TestNode[];
  const phones: Phone[] = [];

  beforeEach(async () => {
    database = await (await sharedMariaDb()).createDatabase();
    const silo = { tailTime: 0.2 };
    nodes = [];
    for (const node of ['a', 'b'])
      nodes.push(await startNode({ storeUrl: database.url, front: {}, silo: { ...silo, node } }));
  });
  afterEach(async () => {
    for (const phone of phones.splice(0)) phone.close();
    for (const node of nodes) await node.close();
    await database.drop();
  });

  async function phone(name: string, node: TestNode): Promise<Phone> {
    const started = await Phone.start(name, { server: node.server });
    phones.push(started);
    return started;
  }

  test(
    'its messages are delivered, at whichever node their recipients register',
    { timeout: 90_000 },
    async () => {
      const writer = await createConnection(database.url);
      await writer.query('begin');
      const now = Math.floor(Date.now() / 1000);
      for (let at = 0; at < RECIPIENTS; at += 1) {
        const box = `late${at}@example.org`;
        const key = createHash('sha256').update(box).digest('hex');
        // As a node writes it: a row without a box would be adopted, and so found, by whichever node sees it first.
        await writer.query('insert into silo_ledger (dedup, box, inc_time) values (?, ?, ?)', [
          key,
          box,
          now,
        ]);
        await writer.query(
          `insert into silo (src_addr, dst_addr, username, domain, inc_time, exp_time, snd_time, ctype, body, box, dedup)
           values ('sip:alice@example.org', ?, ?, 'example.org', ?, ?, 0, 'text/plain', 'late', ?, ?)`,
          [`sip:${box}`, `late${at}`, now, now + 3600, box, key],
        );
      }
      const [alice] = [await phone('alice', nodes[0]!)];
      const committed = performance.now() + LATE_MS;
      // Meanwhile others store theirs, and the tails move on.
      for (let at = 0; performance.now() < committed; at += 1) {
        expect((await alice.message(`other${at}`, 'on time')).status).toBe(202);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await writer.query('commit');
      await writer.end();

      const recipients: Phone[] = [];
      for (let at = 0; at < RECIPIENTS; at += 1) recipients.push(await phone(`late${at}`, nodes[at % 2]!));
      // As phones do: a registration now and then. Each node has looked at all boxes once by then.
      await until(async () => {
        for (const recipient of recipients) await recipient.register({ expires: 600 });
        expect(recipients.map(({ texts }) => texts.length)).toEqual(recipients.map(() => 1));
      });
      expect(recipients.map(({ texts }) => texts)).toEqual(recipients.map(() => ['late']));
    },
  );
});
