/** What holds for every answer and every request: nothing is kept by browsers, nothing is framed, nothing is larger than needed. */
import { bodyLimit } from 'hono/body-limit';
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

export const smallBody: HttpMiddleware = bodyLimit({
  maxSize: LARGEST_BODY,
  onError: () =>
    problemResponse({ status: 413, detail: `At most ${LARGEST_BODY} bytes can be taken; wanted is less.` }),
});
