/** What every part of the HTTP side knows of a request. */
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';

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
