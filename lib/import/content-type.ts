/**
 * Content-Type of a row. Kamailio files the bare type, cut at its column's width, and message/cpim as text/plain;
 * OpenSIPS files all of it. What the body itself tells is restored.
 */
import { parseContentType } from '../sip/read/headers.ts';
import type { SourceRow } from '../stores/source/silo-source.ts';
import { Refused, shown, type AddRepair } from './judgement.ts';

/** @throws Refused */
export function contentTypeOf({ contentType, body }: SourceRow, repaired: AddRepair): string {
  const filed = contentType.text?.trim();
  if (filed === '') {
    if (body.length > 0) repaired('typeMissing');
    return body.length > 0 ? 'text/plain' : '';
  }
  const parsed = filed === undefined ? undefined : parseContentType(filed);
  if (filed === undefined || parsed === undefined) throw new Refused('value', `Content-Type ${shown(filed)}`);
  if (contentType.full) repaired('typeCut', shown(filed));
  if (parsed.type === 'text/plain' && parsed.params.size === 0 && looksLikeCpim(body)) {
    repaired('cpim');
    return 'message/cpim';
  }
  if (parsed.type.startsWith('multipart/') && !parsed.params.has('boundary')) {
    const boundary = boundaryOf(body);
    repaired(boundary === undefined ? 'boundaryLost' : 'boundary', boundary);
    return boundary === undefined ? filed : `${filed};boundary="${boundary}"`;
  }
  return filed;
}

/** Headers that a CPIM message begins with (RFC 3862 3); those of IMDN have a prefix (RFC 5438). */
const CPIM_HEADER = /^(from|to|cc|datetime|subject|ns|require|([\w-]+\.)[\w-]+): ?\S/i;
const ANY_HEADER = /^[\w-]+(\.[\w-]+)?(;lang=[\w-]+)?:/;

/** CPIM: header lines, a blank line, and MIME headers with a Content-Type (RFC 3862 2). */
export function looksLikeCpim(body: Buffer): boolean {
  const [envelope = '', mime = ''] = body
    .subarray(0, 8_000)
    .toString('latin1')
    .replace(/\r\n/g, '\n')
    .split('\n\n');
  const lines = envelope.split('\n');
  return (
    lines.every((line) => ANY_HEADER.test(line)) &&
    lines.some((line) => CPIM_HEADER.test(line)) &&
    mime.split('\n').every((line) => /^([\w-]+:|[ \t])/.test(line)) &&
    /^content-type:[ \t]*[\w.+-]+\/[\w.+-]+/im.test(mime)
  );
}

/** RFC 2046 5.1.1: a line of two hyphens and the boundary opens the first part, the same with `--` ends all. */
const OPENING = /(?:^|\r?\n)--([0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-])[ \t]*\r?\n/;

function boundaryOf(body: Buffer): string | undefined {
  const text = body.toString('latin1');
  const boundary = OPENING.exec(text)?.[1];
  return boundary !== undefined && text.includes(`\n--${boundary}--`) ? boundary : undefined;
}
