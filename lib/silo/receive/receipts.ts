/** Receipts that pass through the silo (IMDN, RFC 5438): a class of their own, of which only the newest matters. */
import { sha256 } from '../../base/sha256.ts';
import { parseContentType } from '../../sip/read/headers.ts';
import { readCpim } from './cpim.ts';

/** From the weakest to the strongest: a device that has displayed a message has received it. */
const STATES = ['processing', 'delivery', 'display'] as const;

export interface Receipt {
  readonly state: (typeof STATES)[number];
  /** The message that it is about. */
  readonly about: string;
}

const TYPE = 'message/imdn+xml';

/** Undefined for what is no receipt. */
export function readReceipt(contentType: string, body: Buffer): Receipt | undefined {
  const plain = parseContentType(contentType)?.type === TYPE;
  const cpim = plain ? undefined : readCpim(contentType, body);
  const xml = plain ? body.toString('utf8') : cpim?.type === TYPE ? cpim.content : '';
  const [, state = ''] = /<(?:[\w.-]+:)?(processing|delivery|display)-notification[\s/>]/.exec(xml) ?? [];
  const [, about = ''] = /<(?:[\w.-]+:)?message-id\s*>([^<]*)</.exec(xml) ?? [];
  const found = STATES.find((known) => known === state);
  return found === undefined ? undefined : { state: found, about: about.trim() };
}

/** What a receipt says, by whom, to whom: a newer one with the same thread replaces it. */
export function threadOf(box: string, from: string, { state, about }: Receipt): string {
  // Without an id nothing tells which message is meant: it replaces nothing.
  if (about === '') return '';
  return sha256([box, from, about, state].join('\0'));
}

/** The threads that a receipt makes worthless: its own state and the weaker ones. */
export function replacedBy(box: string, from: string, receipt: Receipt): readonly string[] {
  return STATES.slice(0, STATES.indexOf(receipt.state) + 1)
    .map((state) => threadOf(box, from, { ...receipt, state }))
    .filter((thread) => thread !== '');
}
