/** Reading and writing Message/CPIM (RFC 3862), as far as receipts (RFC 5438) need it. Messages are passed on untouched. */
import { hasControl, parseContentType } from '../../sip/read/headers.ts';

export interface Cpim {
  /** Value of a message header by its full name, with the namespace's URI before it where it has one. */
  readonly header: (name: string) => string | undefined;
  /** Media type of what is inside, lower case, without parameters; '' when it is not said. */
  readonly type: string;
  /** What is inside. */
  readonly content: string;
}

/** The namespace of RFC 5438. */
export const IMDN = 'urn:ietf:params:imdn';

/** Headers end early in a message: further on nothing is looked for. */
const LONGEST_HEADERS = 4000;

/** Undefined for what is no CPIM, or has no end of its headers. */
export function readCpim(contentType: string, body: Buffer): Cpim | undefined {
  if (parseContentType(contentType)?.type !== 'message/cpim') return undefined;
  const text = body.toString('utf8');
  const [, head = '', rest = ''] = /^([\s\S]*?\n)\r?\n([\s\S]*)$/.exec(text) ?? [];
  if (head === '' || head.length > LONGEST_HEADERS) return undefined;
  const prefixes = new Map<string, string>();
  const headers = new Map<string, string>();
  for (const [name, value] of lines(head)) {
    // RFC 3862 2.3.4: `NS: imdn <urn:ietf:params:imdn>` gives the names that begin with `imdn.` their meaning.
    const namespace = name === 'NS' ? /^([\w-]*)\s*<([^>]*)>/.exec(value) : undefined;
    if (namespace) prefixes.set(namespace[1] ?? '', namespace[2] ?? '');
    const dot = name.indexOf('.');
    const uri = dot > 0 ? prefixes.get(name.slice(0, dot)) : undefined;
    headers.set(uri === undefined ? name : `${uri}.${name.slice(dot + 1)}`, value);
  }
  const [, inner = '', content = ''] = /^([\s\S]*?\n)\r?\n([\s\S]*)$/.exec(rest) ?? [];
  const type = lines(inner).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return {
    header: (name) => headers.get(name),
    type: parseContentType(type)?.type ?? '',
    content,
  };
}

function lines(head: string): readonly (readonly [string, string])[] {
  return head.split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(':');
    // A bare CR ends a line for some: nothing of that kind goes into a receipt of ours.
    return colon > 0 && !hasControl(line)
      ? [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const]
      : [];
  });
}
