/** Random names: tags, Call-IDs, entity tags. As hard to guess as node:crypto's own bytes, which are fetched many at a time. */
import { randomFillSync } from 'node:crypto';

const POOL = Buffer.allocUnsafe(4_096);
let used = POOL.length;

/** @param bytes of chance; the text has twice as many hex digits */
export function randomHex(bytes: number): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const text = POOL.toString('hex', used, used + bytes);
  // What somebody has for a name is not kept.
  POOL.fill(0, used, used + bytes);
  used += bytes;
  return text;
}
