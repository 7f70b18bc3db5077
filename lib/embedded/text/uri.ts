/** URIs and name-addr values, as far as a front end has to look into them. */
import { isPort } from './address.ts';

export interface Uri {
  readonly scheme: string;
  readonly user: string;
  /** IPv6 keeps its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** With its leading `;`, or empty. */
  readonly params: string;
  /** What follows `?`, without it. */
  readonly headers: string;
}

const PATTERN =
  /^([A-Za-z][A-Za-z0-9+.-]*):(?:([^@;?\s<>]*(?:;[^@?\s<>]*)?)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.%~*+-]+)(?::(\d{1,5}))?((?:;[^;?\s<>]*)*)(?:\?([^\s<>]*))?$/;

/** Reads a SIP-like URI (scheme, user, host); undefined for anything else. */
export function readUri(text: string): Uri | undefined {
  const found = PATTERN.exec(text);
  if (!found) return undefined;
  const [, scheme = '', user, host = '', port, params = '', headers] = found;
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && !isPort(number)) return undefined;
  return {
    scheme: scheme.toLowerCase(),
    user: user ?? '',
    host,
    port: number,
    params,
    headers: headers ?? '',
  };
}

/** The value of one parameter ('' when it stands without one); undefined when absent. */
export function paramOf(params: string, name: string): string | undefined {
  for (const part of params.split(';')) {
    const equals = part.indexOf('=');
    const key = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (key === name) return equals < 0 ? '' : part.slice(equals + 1).trim();
  }
  return undefined;
}

export interface NameAddr {
  /** Display name with its quotes, or empty. */
  readonly display: string;
  readonly uri: string;
  /** Header parameters with their leading `;`, or empty. */
  readonly params: string;
}

const QUOTED = /^"(?:[^"\\]|\\[^])*"/;

/** With brackets. Piece by piece: one pattern for all of it takes seconds for blanks that a stranger has chosen. */
function readNamed(value: string): NameAddr | undefined {
  const [quoted = ''] = QUOTED.exec(value) ?? [];
  const open = value.indexOf('<', quoted.length);
  const close = value.indexOf('>', open);
  if (open < 0 || close < 0) return undefined;
  const display = value.slice(0, open).trim();
  const uri = value.slice(open + 1, close).trim();
  const params = value.slice(close + 1).trimStart();
  if (quoted === '' ? /[",;]/.test(display) : display !== quoted) return undefined;
  if (/[<\s]/.test(uri) || (params !== '' && !params.startsWith(';'))) return undefined;
  return { display, uri, params };
}

/**
 * Reads `"name" <uri>;params` or `uri;params`. Without brackets everything from the first `;` belongs to the
 * header (RFC 3261 20.10). Blanks around the URI are passed over, as sofia-sip does.
 */
export function readNameAddr(value: string): NameAddr | undefined {
  const named = readNamed(value);
  if (named) return named;
  const semicolon = value.indexOf(';');
  const uri = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  if (/[<>"\s,]/.test(uri)) return undefined;
  return uri === '' ? undefined : { display: '', uri, params: semicolon < 0 ? '' : value.slice(semicolon) };
}

export function writeNameAddr(name: NameAddr): string {
  return `${name.display === '' ? '' : `${name.display} `}<${name.uri}>${name.params}`;
}

/** The `tag` of a From or To value. */
export function tagOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const close = value.lastIndexOf('>');
  const params = close >= 0 ? value.slice(close + 1) : value.slice(value.indexOf(';') + 1 || value.length);
  // A tag is one word (RFC 3261 25.1); behind a fold there may be more, which must not get into the name of a dialog.
  const [tag = ''] = (paramOf(params, 'tag') ?? '').split(/\s/, 1);
  return tag === '' ? undefined : tag;
}

/** Splits at the commas that stand outside quotes and angle brackets. */
export function splitList(value: string): string[] {
  if (!value.includes(',')) return [value.trim()];
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<') depth += 1;
    else if (char === '>') depth -= 1;
    else if (char === ',' && depth <= 0) {
      parts.push(value.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(value.slice(start).trim());
  return parts.filter((part) => part !== '');
}
