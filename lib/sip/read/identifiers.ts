/** The words by which a request is told from others: Call-ID, tags, branch (RFC 3261 8.1.1 and 25.1). */
import { header, parseNameAddr, splitList, type HeaderSource } from './headers.ts';

/**
 * What no such word may hold, and what would break out of drachtio's wire protocol, which parts its fields with `|` and its
 * lines with CR LF. All else is let pass: phones are not strict about the grammar.
 */
const NEVER = /[|\p{Cc}]/u;

/** A sentence when one of them can't be passed on; undefined when all can. */
export function badIdentifier(req: HeaderSource): string | undefined {
  if (NEVER.test(header(req, 'Call-ID') ?? '')) return sentence('Call-ID');
  for (const name of ['From', 'To'] as const)
    if (NEVER.test(parseNameAddr(header(req, name) ?? '')?.params.get('tag') ?? ''))
      return sentence(`tag of ${name}`);
  const [via = ''] = splitList(header(req, 'Via') ?? '');
  if (NEVER.test(/;\s*branch\s*=\s*([^;,]*)/i.exec(via)?.[1] ?? '')) return sentence('branch of Via');
  return undefined;
}

function sentence(what: string): string {
  return `The ${what} holds a character that it may not hold (RFC 3261 25.1), such as a vertical bar.`;
}
