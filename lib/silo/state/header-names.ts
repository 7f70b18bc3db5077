/** Names of headers: what is one, and which of them nobody else may write. */
import { fullName } from '../../sip/read/compact.ts';
import { isToken } from '../../sip/read/grammar.ts';

/** Written by us or by drachtio, one each, or said about a body that is not ours: nobody else may add them. */
const OURS = new Set([
  'call-id',
  'contact',
  'content-encoding',
  'content-length',
  'content-type',
  'cseq',
  'date',
  'expires',
  'from',
  'max-forwards',
  'path',
  'proxy-require',
  'record-route',
  'require',
  'route',
  'to',
  'via',
]);

/** May an operator or a host app add a header of this name? Any that is a name, but those that are ours, compact forms included. */
export function mayBeAdded(name: string): boolean {
  return isHeaderName(name) && !OURS.has(fullName(name).toLowerCase());
}

export function isHeaderName(name: string): boolean {
  return name !== '__proto__' && isToken(name);
}
