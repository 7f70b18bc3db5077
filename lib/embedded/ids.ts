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

let second = { at: NaN, text: '' };

/** Time of day as the wire protocol writes it: UTC with microseconds. Every frame has one, so its seconds are written once. */
export function timeOfDay(): string {
  const now = Date.now();
  const at = Math.floor(now / 1_000);
  if (at !== second.at) second = { at, text: new Date(now).toISOString().slice(11, 20) };
  const micros = (now % 1_000) * 1_000 + Math.floor((performance.now() % 1) * 1_000);
  return `${second.text}${String(micros).padStart(6, '0')}`;
}
