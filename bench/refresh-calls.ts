/** What a REGISTER refresh without mail asks of the store, counted call by call. */
import { startNode } from '../test/support/node.ts';
import { LoadPhone } from '../test/support/load-phone.ts';

/** Method of the store -> calls per refresh. */
export async function refreshCalls(storeUrl: string): Promise<ReadonlyMap<string, number>> {
  const refreshes = 100;
  // The clock's own looks at the table are no part of a refresh.
  const node = await startNode({
    storeUrl,
    silo: { tailTime: 3600, checkTime: 3600, leaseTime: 3600 },
    mwi: { tailTime: 3600, leaseTime: 3600 },
  });
  const phone = await LoadPhone.start('device@example.org', node.server);
  try {
    await phone.register(600);
    node.calls.clear();
    for (let count = 0; count < refreshes; count++) await phone.register(600);
    return new Map([...node.calls].map(([method, calls]) => [method, calls / refreshes]));
  } finally {
    phone.close();
    await node.close();
  }
}
