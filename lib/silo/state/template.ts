/** Texts of operators with variables in braces: what they may say about a message. */
import { formatSipDate } from '../../sip/read/headers.ts';
import { splitAor } from '../../sip/read/uri.ts';
import type { NewMessage } from '../../stores/contract/message.ts';

/** What `fill` fills in. */
export const VARIABLES = [
  'box',
  'user',
  'domain',
  'from',
  'to',
  'id',
  'key',
  'callId',
  'date',
  'expires',
  'sendAt',
] as const;

/** `{box}` and so on; an unknown name stays as it is. */
export function fill(template: string, message: NewMessage, id: number): string {
  const aor = splitAor(message.box);
  const values: Readonly<Record<string, string>> = {
    box: message.box,
    user: aor.user,
    domain: aor.host,
    from: message.srcAddr,
    to: message.dstAddr,
    id: String(id),
    key: message.key,
    callId: message.callId,
    date: formatSipDate(message.incTime),
    expires: formatSipDate(message.expTime),
    sendAt: message.sendTime === 0 ? '' : formatSipDate(message.sendTime),
  } satisfies Record<(typeof VARIABLES)[number], string>;
  return template.replace(/\{(\w+)\}/g, (text, name: string) => values[name] ?? text);
}
