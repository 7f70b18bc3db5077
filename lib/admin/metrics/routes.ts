/** `/metrics`, and the count of what is asked by HTTP. */
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import type { Access } from '../http/access.ts';
import type { Env, HttpMiddleware } from '../http/types.ts';

export function metricsRoutes(registry: () => Registry, { required }: Pick<Access, 'required'>): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/metrics', required, async (context) => {
    const all = registry();
    const text = await all.metrics();
    return context.body(text, 200, { 'Content-Type': all.contentType });
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
