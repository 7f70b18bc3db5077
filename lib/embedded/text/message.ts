/**
 * SIP messages as bytes. The head is held as latin-1 text, which maps every byte to one character and
 * back, so nothing is lost; the body is never decoded at all.
 */
import { divideHead, hasLoneEnd } from '../../base/line-ends.ts';
import { keyOf } from './header-names.ts';

/** Between head and body. */
export const BLANK_LINE = Buffer.from('\r\n\r\n');

export interface Header {
  /** Full lower-case name, see {@link keyOf}. */
  readonly key: string;
  /** The name as it came. */
  readonly name: string;
  /** The value without surrounding blanks, on one line. */
  readonly value: string;
}

interface Message {
  readonly startLine: string;
  readonly headers: readonly Header[];
  readonly body: Buffer;
}

export interface Request extends Message {
  readonly method: string;
  readonly uri: string;
  readonly version: string;
}

export interface Response extends Message {
  readonly status: number;
  readonly reason: string;
}

function unfolded(value: string): string {
  return value.includes('\r\n') ? value.replace(/\r\n[ \t]+/g, ' ') : value;
}

/** Header lines of a head (without start line). A line without a name has an empty key. */
export function readHeaders(text: string): Header[] {
  const headers: Header[] = [];
  let at = 0;
  while (at < text.length) {
    let end = text.indexOf('\r\n', at);
    // RFC 3261 7.3.1: a line that begins with a blank goes on with the one before it.
    while (end >= 0 && (text[end + 2] === ' ' || text[end + 2] === '\t')) end = text.indexOf('\r\n', end + 2);
    if (end < 0) end = text.length;
    const line = text.slice(at, end);
    at = end + 2;
    if (line === '') continue;
    const colon = line.indexOf(':');
    // A stray control before the name stays and makes it a bad one: an app could not read the message.
    const name = colon < 0 ? '' : line.slice(0, colon).trimEnd();
    headers.push({ key: keyOf(name), name, value: unfolded(line.slice(colon + 1).trim()) });
  }
  return headers;
}

/** Splits a head (without the blank line) and reads it; undefined when it has no SIP start line. */
export function readMessage(text: string, body: Buffer): Request | Response | undefined {
  const head = hasLoneEnd(text) ? divideHead(text).head : text;
  const end = head.indexOf('\r\n');
  const startLine = end < 0 ? head : head.slice(0, end);
  const headers = end < 0 ? [] : readHeaders(head.slice(end + 2));
  const response = /^SIP\/\d+\.\d+\s+(\d{3})(?:\s+(.*))?$/.exec(startLine);
  if (response)
    return { startLine, headers, body, status: Number(response[1]), reason: response[2]?.trim() ?? '' };
  const request = /^([^\s]+)\s+([^\s]+)\s+(SIP\/[^\s]+)\s*$/i.exec(startLine);
  if (!request) return undefined;
  const [, method = '', uri = '', version = ''] = request;
  return { startLine, headers, body, method, uri, version };
}

export function isResponse(message: Request | Response): message is Response {
  return 'status' in message;
}

/** The first value under a full lower-case name. */
export function valueOf(message: { readonly headers: readonly Header[] }, key: string): string | undefined {
  for (const header of message.headers) if (header.key === key) return header.value;
  return undefined;
}

export function valuesOf(message: { readonly headers: readonly Header[] }, key: string): string[] {
  return message.headers.filter((header) => header.key === key).map((header) => header.value);
}

/** The bytes of a message; lines are given without their ends. */
export function encode(lines: readonly string[], body: Buffer): Buffer {
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return body.length === 0 ? head : Buffer.concat([head, body]);
}

/** The CSeq's number and method; undefined when it is none. RFC 3261 20.16: below 2^31, sofia-sip takes 2^32. */
export function readCSeq(value: string | undefined): { number: number; method: string } | undefined {
  const found = /^(\d{1,10})\s+(\S+)$/.exec(value ?? '');
  const number = Number(found?.[1]);
  return found && number < 2 ** 32 ? { number, method: found[2] ?? '' } : undefined;
}
