/**
 * Requests that drachtio-server must not be given an answer to. For any answer to a request that can make a dialog it puts
 * together a dialog object, and it dies of a null pointer (0.9.10, docs/drachtio-server.md) when
 *  - the Contact has no host: `*`, or a `tel:` URI; or
 *  - sofia-sip takes a Contact for one that it can't read: `(<sip:a@b>` or `< sip:a@b>`; or
 *  - the Request-URI has no scheme (`SUBSCRIBE x SIP/2.0`) and the Contact is not where the request came from.
 * It lives when the application stays silent, so that is what we do. What is not surely a URI counts as one of these: a
 * sender that can't write an address loses nothing by silence, everybody else would lose the server.
 */
import { makesDialog } from '../read/dialog.ts';
import { TOKEN_CHARACTERS } from '../read/grammar.ts';
import { header, splitList } from '../read/headers.ts';
import type { SipRequest } from './messages.ts';

const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:/;
/** What may stand before the `<` of a Contact: a quoted string, or tokens (RFC 3261 25.1, `display-name`). */
const DISPLAY = String.raw`(?:"(?:[^"\\]|\\.)*"[ \t]*|[${TOKEN_CHARACTERS} \t]*)`;
/** A scheme whose URIs have a host, and the host. */
const WITH_HOST = String.raw`(?:sips?|im|pres|mailto):(?:[^@\s]*@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)`;
const CONTACT = new RegExp(`^(?:${DISPLAY}<${WITH_HOST}(?=[>:;?])|${WITH_HOST}(?=$|[ \t:;?]))`, 'i');

/** May this request be answered at all? */
export function mayBeAnswered(req: SipRequest): boolean {
  if (!makesDialog(req.method) || (req.stackDialogId ?? '') !== '') return true;
  if (!SCHEME.test(req.uri)) return false;
  const contact = header(req, 'Contact');
  if (contact === undefined) return true;
  const [first = ''] = splitList(contact);
  return CONTACT.test(first);
}
