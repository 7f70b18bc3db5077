/** What holds for every answer and every request: nothing is kept by browsers, nothing is framed, nothing is larger than needed. */
import { problemResponse } from './problem.ts';
import type { HttpMiddleware } from './types.ts';

/** Bytes: the largest message with room for its JSON. */
const LARGEST_BODY = 262_144;

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

export const safeHeaders: HttpMiddleware = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS))
    if (!context.res.headers.has(name)) context.res.headers.set(name, value);
};

/**
 * Whoever says how long a body is has it looked at; else it is read here, as far as it may go. Hono's own limit makes a Request of a Request, which
 * Node can't do with those of its server: each body of unsaid length, and each DELETE without one, would end in a 500.
 */
export const smallBody: HttpMiddleware = async (context, next) => {
  const { raw } = context.req;
  const { headers, method, body } = raw;
  const said = headers.has('transfer-encoding') ? null : headers.get('content-length');
  if (said !== null) return Number(said) > LARGEST_BODY ? tooLarge() : next();
  if (!body) return next();
  const read = await readUpTo(LARGEST_BODY, body as ReadableStream<Uint8Array>);
  if (read === undefined) return tooLarge();
  context.req.raw = new Request(raw.url, { method, headers, body: read });
  return next();
};

/** Undefined: there is more. */
async function readUpTo(
  most: number,
  body: ReadableStream<Uint8Array>,
): Promise<Buffer<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    size += value.length;
    if (size > most) return undefined;
    chunks.push(value);
  }
}

function tooLarge(): Response {
  return problemResponse({
    status: 413,
    detail: `At most ${LARGEST_BODY} bytes can be taken; wanted is less.`,
  });
}
