/** Bodies across drachtio's text pipe: is what arrived what was sent, and can it leave again unharmed? */
import { SiloError } from '../../base/errors.ts';
import { header, type HeaderSource } from './headers.ts';

export interface BodySource extends HeaderSource {
  /** The whole message as drachtio-srf got it. */
  readonly raw?: string | undefined;
  readonly body?: string | undefined;
}

/** The text behind the blank line, all of it; `req.body` may have been cut. */
export function bodyText({ raw, body }: Pick<BodySource, 'raw' | 'body'>): string {
  const end = raw?.indexOf('\r\n\r\n') ?? -1;
  return raw !== undefined && end >= 0 ? raw.slice(end + 4) : (body ?? '');
}

const REPLACEMENT = '\uFFFD';

/**
 * The body, byte for byte.
 *
 * drachtio-srf decodes the wire as UTF-8, so any other bytes arrive as U+FFFD, and its own `req.body` is cut at the
 * first blank line when there is no Content-Length. Whatever is not provably whole is refused, never stored.
 *
 * @throws SiloError `SILO_REFUSED`, status 415 for damaged or binary bytes, 400 for a body shorter than Content-Length
 */
export function bodyOf(req: BodySource): Buffer {
  const text = bodyText(req);
  const body = Buffer.from(text, 'utf8');
  const declared = header(req, 'Content-Length');
  const length = declared === undefined ? body.length : Number(declared);
  if (text.includes(REPLACEMENT) || text.includes('\0'))
    throw refused(
      415,
      'The body has bytes that are not UTF-8 text (or a NUL), which drachtio would damage: wanted is text, or binary content encoded as text (base64).',
    );
  if (!Number.isInteger(length) || length < 0 || length > body.length)
    throw refused(
      400,
      `Content-Length says ${String(declared)}, the body has ${body.length} bytes: it was cut on its way.`,
    );
  return body.subarray(0, length);
}

/** The text to hand to drachtio for these bytes; undefined when it could not pass them unharmed. */
export function sendableText(body: Buffer): string | undefined {
  const text = body.toString('utf8');
  return text.includes('\0') || !Buffer.from(text, 'utf8').equals(body) ? undefined : text;
}

function refused(status: number, message: string): SiloError {
  return new SiloError('SILO_REFUSED', message, { status });
}
