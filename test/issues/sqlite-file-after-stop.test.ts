/** After a stop, the mail was still in `silo.db-wal`: whoever copied `silo.db` alone copied nothing. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../lib/stores/open.ts';
import { startNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('a closed SQLite store is whole in its one file', async () => {
  const folder = temporaryFolder('silo-sqlite');
  const [file, copy] = [join(folder.path, 'silo.db'), join(folder.path, 'copy.db')];
  try {
    const node = await startNode({ storeUrl: `sqlite:${file}` });
    const alice = await Phone.start('alice', { server: node.server });
    expect((await alice.message('bob', 'one')).status).toBe(202);
    alice.close();
    await node.close();
    copyFileSync(file, copy);
    const again = await openStore(`sqlite:${copy}`);
    expect(await again.ledger()).toMatchObject({ waiting: 1 });
    await again.close();
  } finally {
    folder.remove();
  }
});
