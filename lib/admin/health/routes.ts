/** `/healthz` and `/readyz`: for probes, which know no token and are told no more than yes or no. */
import { Hono } from 'hono';
import { packageVersion } from '../../base/package.ts';
import type { Access } from '../http/access.ts';
import type { Env } from '../http/types.ts';
import type { Readiness } from './readiness.ts';

/** Seconds after which a probe may ask again. */
const RETRY_AFTER = '5';

/**
 * `/healthz` says that the process works: who gets no answer may end it. What it needs (the database, drachtio-server) is said by
 * `/readyz`: to be started anew would not bring that back.
 */
export function healthRoutes(
  readiness: () => Promise<Readiness>,
  { askerOf }: Pick<Access, 'askerOf'>,
): Hono<Env> {
  const version = packageVersion();
  const app = new Hono<Env>();

  app.get('/healthz', (context) => {
    const details = askerOf(context) === undefined ? {} : { version, uptime: Math.floor(process.uptime()) };
    return context.json({ status: 'ok', ...details });
  });

  app.get('/readyz', async (context) => {
    const { ready, why, checks } = await readiness();
    const details = askerOf(context) === undefined ? {} : { why, checks };
    const status = ready ? 'ready' : 'not ready';
    if (!ready) context.header('Retry-After', RETRY_AFTER);
    return context.json({ status, ...details }, ready ? 200 : 503);
  });

  return app;
}
