/** Random texts: UUIDs for frames and transactions, tags and branches for SIP. */
import { randomUUID } from 'node:crypto';

export function newUuid(): string {
  return randomUUID();
}

export function newTag(): string {
  return randomUUID().slice(24);
}

/** RFC 3261 8.1.1.7: the magic cookie says that the branch is unique. */
export function newBranch(): string {
  return `z9hG4bK${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}

/** Time of day as the wire protocol writes it: UTC with microseconds. */
export function timeOfDay(): string {
  const micros = Math.floor((performance.now() % 1) * 1_000);
  return `${new Date().toISOString().slice(11, 23)}${String(micros).padStart(3, '0')}`;
}
