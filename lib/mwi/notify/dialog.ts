/** What names a dialog and a device. */
import { createHash } from 'node:crypto';

/** Call-ID and the subscriber's tag: our own tag is unknown before the first answer, and one dialog can't have two. */
export interface DialogName {
  readonly callId: string;
  readonly remoteTag: string;
}

/** The id under which drachtio-server knows the dialog of a subscriber. */
export function dialogIdOf({ callId, remoteTag }: DialogName): string {
  return `${callId};from-tag=${remoteTag}`;
}

/**
 * What tells phones apart: the instance (RFC 5626), else the contact with the address that it was seen from, since phones
 * behind different NATs may have the same contact.
 */
export function deviceKey(instance: string | undefined, contact: string, address: string): string {
  const text = instance === undefined || instance === '' ? `${contact} ${address}` : `<${instance}>`;
  return createHash('sha256').update(text).digest('hex');
}
