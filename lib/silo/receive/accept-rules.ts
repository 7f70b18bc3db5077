/** The limits of the operator as rules for one message. */
import type { AcceptRules } from '../../stores/contract/accept.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import type { SiloSettings } from '../state/options.ts';
import { readReceipt, replacedBy } from './receipts.ts';

type Limits = Pick<
  SiloSettings,
  | 'maxMessages'
  | 'maxBytes'
  | 'domainMaxMessages'
  | 'domainMaxBytes'
  | 'senderShare'
  | 'overflow'
  | 'maxReceipts'
>;

/** Undefined when there is nothing to look at: accepting is faster then. */
export function rulesOf(message: NewMessage, limits: Limits): AcceptRules | undefined {
  const { maxMessages, maxBytes, domainMaxMessages, domainMaxBytes, overflow, maxReceipts } = limits;
  const unlimited = maxMessages + maxBytes + domainMaxMessages + domainMaxBytes === 0;
  if (unlimited && message.kind === 'message') return undefined;
  const receipt = message.kind === 'receipt' ? readReceipt(message.contentType, message.body) : undefined;
  return {
    box: { messages: maxMessages, bytes: maxBytes },
    domain: { messages: domainMaxMessages, bytes: domainMaxBytes },
    overflow,
    share: limits.senderShare,
    receipts: maxReceipts,
    replaces: receipt ? replacedBy(message.box, message.srcAddr, receipt) : [],
  };
}
