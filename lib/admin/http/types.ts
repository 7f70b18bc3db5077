/** What every part of the HTTP side knows of a request. */
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { LOOPBACK } from '../../base/networks.ts';

/** Who asks: a program with the token, or a browser that has logged in with it. */
export type Asker = 'token' | 'session';

export interface Env {
  Bindings: Partial<HttpBindings>;
  Variables: { asker: Asker };
}

export type HttpContext = Context<Env>;
export type HttpMiddleware = MiddlewareHandler<Env>;

/** The address that it came from; '' where there is no socket, as in a test. */
export function sourceOf(context: HttpContext): string {
  return context.env.incoming?.socket.remoteAddress ?? '';
}

/** Could somebody on the network have read it? The proxy with TLS in front says what it had; without one, only what came from this machine was not on any. */
export function isOverheard(context: HttpContext): boolean {
  const scheme = context.req.header('X-Forwarded-Proto');
  if (scheme !== undefined) return scheme !== 'https';
  const source = sourceOf(context);
  return source !== '' && !LOOPBACK.has(source);
}
