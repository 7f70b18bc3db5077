/** Rows of other programs, and headers, that once stopped more than themselves. */
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { expect, test, vi } from 'vitest';
import { headerObject, keptHeaders } from '../../lib/silo/receive/kept-headers.ts';
import { startNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a row whose recipient cannot be read is filed apart; the rows beside it are delivered', async () => {
  const folder = temporaryFolder('silo-odd');
  const path = join(folder.path, 'silo.db');
  const node = await startNode({ storeUrl: `sqlite:${path}`, silo: { tailTime: 0.05 } });
  const database = new DatabaseSync(path);
  for (const username of ['é'.repeat(60), '', 'a b', 'bob'])
    database
      .prepare(
        "insert into silo (src_addr, dst_addr, username, domain, body) values ('sip:a@example.org', 'sip:bob@example.org', ?, 'example.org', 'hi')",
      )
      .run(username);
  database.close();
  const bob = await Phone.start('bob', { server: node.server });
  await bob.register({ expires: 600 });
  await bob.received(1);
  await vi.waitFor(async () =>
    expect(await node.store.waiting('unreadable@invalid', Math.floor(Date.now() / 1000), 10)).toHaveLength(3),
  );
  bob.close();
  await node.close();
  folder.remove();
});

test('headers may be called like properties of an object', () => {
  const lines = 'constructor: a\r\ntoString: b\r\nvalueOf: c\r\nhasOwnProperty: d\r\n';
  expect(keptHeaders(`MESSAGE sip:b@x SIP/2.0\r\n${lines}__proto__: e\r\n\r\n`)).toBe(lines);
  expect(Object.entries(headerObject(`${lines}TOSTRING: f\r\n`))).toEqual([
    ['constructor', 'a'],
    ['toString', 'b, f'],
    ['valueOf', 'c'],
    ['hasOwnProperty', 'd'],
  ]);
});

test('a header whose bytes were no UTF-8 is left out, not sent on broken', () => {
  expect(keptHeaders('MESSAGE sip:b@x SIP/2.0\r\nSubject: caf\uFFFD\r\nX-Good: 1\r\n\r\n')).toBe(
    'X-Good: 1\r\n',
  );
});
