/**
 * What a message is known by for ever: 64 hex digits. The first of them say its Call-ID, so that an operator finds by that, along the one
 * index that there is, what the ledger has of it.
 */
import { sha256 } from '../../base/sha256.ts';

/** Hex digits. */
const LENGTH = 64;
const OF_CALL = 20;

/** @param parts what tells it from every other message of this Call-ID */
export function messageKey(callId: string, parts: readonly string[]): string {
  return (hexOf('call', callId).slice(0, OF_CALL) + hexOf(...parts)).slice(0, LENGTH);
}

/** Between these are the keys of all messages of a Call-ID. */
export function keysOfCall(callId: string): readonly [first: string, last: string] {
  const start = hexOf('call', callId).slice(0, OF_CALL);
  return [start.padEnd(LENGTH, '0'), start.padEnd(LENGTH, 'f')];
}

function hexOf(...parts: readonly string[]): string {
  return sha256(parts.join('\0'));
}
