/** The words by which a request is told from others: Call-ID, tags, branch (RFC 3261 8.1.1 and 25.1); and who it is from and to. */
import { makesDialog } from './dialog.ts';
import { hasControl, header, parseNameAddr, splitList, type HeaderSource } from './headers.ts';

/**
 * What no such word may hold, and what would break out of drachtio's wire protocol, which parts its fields with `|` and its
 * lines with CR LF. All else is let pass: phones are not strict about the grammar.
 */
const NEVER = /[|\p{Cc}]/u;

/** A sentence when one of them can't be passed on; undefined when all can. */
export function badIdentifier(req: HeaderSource & { readonly method: string }): string | undefined {
  if (NEVER.test(header(req, 'Call-ID') ?? '')) return sentence('Call-ID');
  for (const name of ['From', 'To'] as const) {
    const value = header(req, name) ?? '';
    // Both go into every request of a dialog as they came, and drachtio-server passes them on (RFC 3261 25.1).
    if (hasControl(value))
      return `The ${name} holds a control character, which no header may (RFC 3261 25.1).`;
    const address = parseNameAddr(value);
    // From and To name the dialog: who can't read them can't answer within it.
    if (address === undefined && makesDialog(req.method))
      return `The ${name} can not be read: wanted is <sip:user@host> with a tag (RFC 3261 20.20, 20.39).`;
    if (NEVER.test(address?.params.get('tag') ?? '')) return sentence(`tag of ${name}`);
  }
  const [via = ''] = splitList(header(req, 'Via') ?? '');
  if (NEVER.test(/;\s*branch\s*=\s*([^;,]*)/i.exec(via)?.[1] ?? '')) return sentence('branch of Via');
  return undefined;
}

function sentence(what: string): string {
  return `The ${what} holds a character that it may not hold (RFC 3261 25.1), such as a vertical bar.`;
}
