/** The top Via of a request (RFC 3261 18.2.1, RFC 3581) and the one of our own requests. */
import { bracketed } from './address.ts';
import { paramOf, splitList } from './uri.ts';

export interface Via {
  readonly protocol: string;
  readonly sentBy: string;
  readonly branch: string;
  readonly params: string;
  /** Further values of the same header line. */
  readonly rest: readonly string[];
}

const VALUE =
  /^SIP\s*\/\s*2\.0\s*\/\s*([A-Za-z0-9]+)\s+(\[[^\]\s]+\]|[^\s;:,]+)(\s*:\s*\d{1,5})?\s*((?:;[^]*)?)$/i;

/** Undefined also when one behind the first is none: answers have each on a line of its own, four times as long as what was sent for it. */
export function readVia(value: string): Via | undefined {
  const [first = '', ...rest] = splitList(value);
  const found = VALUE.exec(first);
  if (!found || !rest.every((one) => VALUE.test(one))) return undefined;
  const [, protocol = '', host = '', port = '', params = ''] = found;
  return {
    protocol: protocol.toUpperCase(),
    sentBy: host + port.replace(/\s/g, ''),
    branch: paramOf(params, 'branch') ?? '',
    params,
    rest,
  };
}

/** The Via as the next element must see it: `received` where the host differs, `rport` always. */
export function received(via: Via, host: string, port: number): string {
  let params = '';
  let done = false;
  for (const part of via.params.split(';')) {
    const name = (part.split('=')[0] ?? '').trim().toLowerCase();
    if (name === '' || name === 'received') continue;
    if (name === 'rport') {
      params += `;rport=${port}`;
      done = true;
    } else params += `;${part.trim()}`;
  }
  if (sentHost(via.sentBy) !== bracketed(host).toLowerCase()) params += `;received=${host}`;
  if (!done) params += `;rport=${port}`;
  return `SIP/2.0/${via.protocol} ${via.sentBy}${params}`;
}

function sentHost(sentBy: string): string {
  return (
    sentBy.startsWith('[') ? sentBy.slice(0, sentBy.indexOf(']') + 1) : (sentBy.split(':')[0] ?? '')
  ).toLowerCase();
}
