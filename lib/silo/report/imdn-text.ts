/** The text of a receipt of ours (RFC 5438) in its CPIM envelope (RFC 3862). */
import { randomHex } from '../../base/random.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import { IMDN, type Cpim } from '../receive/cpim.ts';

/** What we tell of a message. */
export type ReceiptState = 'stored' | 'failed';

/** A receipt that the author of a message has asked for. */
export interface AskedReceipt {
  readonly message: NewMessage;
  /** The message as its author wrote it, and the id that it gave it. */
  readonly cpim: Cpim;
  readonly id: string;
  readonly state: ReceiptState;
}

/** The kind of receipt that says it. */
const RECEIPT: Readonly<Record<ReceiptState, string>> = { stored: 'processing', failed: 'delivery' };

export function receiptText({ message, cpim, id, state }: AskedReceipt, now: number): string {
  const time = new Date(now * 1000).toISOString().replace('.000', '');
  const receipt = RECEIPT[state];
  const xml = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<imdn xmlns="urn:ietf:params:xml:ns:imdn">',
    `  <message-id>${escaped(id)}</message-id>`,
    `  <datetime>${escaped(cpim.header('DateTime') ?? time)}</datetime>`,
    `  <recipient-uri>${escaped(message.dstAddr)}</recipient-uri>`,
    `  <${receipt}-notification><status><${state}/></status></${receipt}-notification>`,
    '</imdn>',
    '',
  ].join('\r\n');
  // RFC 5438 8: back along the relays that asked to be in between.
  const route = cpim.header(`${IMDN}.IMDN-Record-Route`);
  return [
    `From: <${message.dstAddr}>`,
    `To: ${cpim.header('From') ?? `<${message.srcAddr}>`}`,
    `DateTime: ${time}`,
    `NS: imdn <${IMDN}>`,
    `imdn.Message-ID: ${randomHex(12)}`,
    ...(route === undefined ? [] : [`imdn.IMDN-Route: ${route}`]),
    '',
    'Content-type: message/imdn+xml',
    'Content-Disposition: notification',
    `Content-length: ${Buffer.byteLength(xml)}`,
    '',
    xml,
  ].join('\r\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}
