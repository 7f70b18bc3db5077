/** What names a dialog. */

/** Call-ID and the subscriber's tag: our own tag is unknown before the first answer, and one dialog can't have two. */
export interface DialogName {
  readonly callId: string;
  readonly remoteTag: string;
}

/** The id under which drachtio-server knows the dialog of a subscriber. */
export function dialogIdOf({ callId, remoteTag }: DialogName): string {
  return `${callId};from-tag=${remoteTag}`;
}
