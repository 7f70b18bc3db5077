/** `/metrics`, and the count of what is asked by HTTP. */
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Access } from '../http/access.ts';
import type { Env, HttpMiddleware } from '../http/types.ts';

/** @param text of this process, or of all that serve as one */
export function metricsRoutes(
  registry: () => Registry,
  text: () => Promise<string>,
  { required }: Pick<Access, 'required'>,
): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/metrics', required, async (context) => {
    return context.body(await text(), 200, { 'Content-Type': registry().contentType });
  });
  return app;
}

/** Paths are a stranger's to invent: areas are few. */
const AREAS = ['healthz', 'readyz', 'metrics', 'api'] as const;

export function counted(answered: (area: string, status: number) => void): HttpMiddleware {
  return async (context, next) => {
    await next();
    const [, first = ''] = context.req.path.split('/', 2);
    answered(AREAS.find((area) => area === first) ?? 'page', context.res.status);
  };
}
