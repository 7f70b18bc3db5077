/** The reads that both engines share, in MySQL. */
import { readsBy, type ReadStore } from '../shared/reads.ts';
import type { Queries } from './link/transaction.ts';

export function mysqlReads(db: Queries): ReadStore {
  return readsBy(async ({ sql, values, of }) => of(await db.all(sql, values))) as unknown as ReadStore;
}
