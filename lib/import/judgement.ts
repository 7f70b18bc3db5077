/** What can become of a row of the source, and the words for it: the same in the report and in its JSON file. */
import type { NewMessage } from '../stores/contract/message.ts';

/** Changes without which a row could not be delivered as it was meant, and what is lost. */
export const REPAIRS = {
  cpim: 'message/cpim that was filed as text/plain; parameters that it had are lost',
  boundary: 'multipart without its boundary: read from the body',
  boundaryLost: 'multipart without its boundary, and the body does not tell it: taken as it is',
  typeMissing: 'no Content-Type: text/plain is assumed',
  typeCut: 'Content-Type that was probably cut: it fills its column, taken as it is',
  recipientCut: 'recipient that was cut: To names it whole',
  recipientFull: 'recipient that may have been cut: it fills its column, taken as it is',
  recipientContact: 'filed under an address of no served domain: the address in To is used',
  senderCut: 'sender that was cut: the broken parameter at its end is left out',
  senderFull: 'sender that was probably cut: it fills its column, taken as it is',
  to: "To that was cut or can't be read: the recipient's address is used",
  headers: 'headers of one hop, unreadable or unwanted ones: left out',
  accepted: 'no time of acceptance: now is taken',
  lifetime: 'no expiry: the longest lifetime is given',
  reminder: 'reminder that would expire before its time: its lifetime begins then',
} as const;

export const SKIPS = {
  known: 'imported before',
  expired: 'expired',
  liveOnly: 'of a kind that is never stored',
} as const;

export const REFUSALS = {
  recipient: "recipient that can't be read",
  domain: 'recipient of no served domain',
  sender: "sender that can't be read",
  text: 'body that is not UTF-8 text, or holds a NUL',
  size: 'too large for drachtio',
  value: 'a value that cannot be stored or sent',
} as const;

export type Repair = keyof typeof REPAIRS;
export type Skip = keyof typeof SKIPS;
export type Refusal = keyof typeof REFUSALS;

/** One finding about one row: its kind, and what was found in this row. */
export interface Note<Kind extends string> {
  readonly kind: Kind;
  /** '' when the kind says it all. */
  readonly found: string;
}

export type Judgement =
  | { readonly verdict: 'take'; readonly message: NewMessage; readonly repairs: readonly Note<Repair>[] }
  | { readonly verdict: 'skip'; readonly note: Note<Skip> }
  | { readonly verdict: 'refuse'; readonly note: Note<Refusal> };

/** Thrown by whoever finds that a row can't be taken. */
export class Refused extends Error {
  readonly note: Note<Refusal>;
  constructor(kind: Refusal, found: string) {
    super(found);
    this.note = { kind, found };
  }
}

export type AddRepair = (kind: Repair, found?: string) => void;

/** A value of the source for a line of the report. */
export function shown(value: string | undefined): string {
  return value === undefined ? 'bytes that are no text' : JSON.stringify(value.slice(0, 80));
}
