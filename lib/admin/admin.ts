/** What an operator and programs see by HTTP: health, metrics, API and page. Puts its parts together. */
import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Registry } from 'prom-client';
import { epochSeconds } from '../base/clock.ts';
import { conceal } from '../base/secrets.ts';
import type { Auth } from '../auth/auth.ts';
import type { Limits } from '../auth/limits/limits.ts';
import type { Mwi } from '../mwi/mwi.ts';
import { checkOptions } from '../options/check.ts';
import type { Silo } from '../silo/silo.ts';
import type { Store } from '../stores/contract/store.ts';
import { createApi } from './api/api.ts';
import { createReadiness, type Readiness } from './health/readiness.ts';
import { healthRoutes } from './health/routes.ts';
import { createAccess } from './http/access.ts';
import { urlOf } from './http/address.ts';
import { safeHeaders, smallBody } from './http/limits.ts';
import { problemResponse, responseTo } from './http/problem.ts';
import { HttpServer } from './http/server.ts';
import type { Env } from './http/types.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import { counted, metricsRoutes } from './metrics/routes.ts';
import { pageRoutes } from './page/routes.ts';
import { adminOptions, type AdminOptions } from './options.ts';

export interface AdminDependencies {
  readonly silo: Silo;
  readonly store: Store;
  /** The lamps, where there are some. */
  readonly mwi?: Mwi;
  /** Who asks, and how much: what came of it is counted there. */
  readonly auth?: Auth;
  readonly limits?: Limits;
  /** A registry of prom-client that the host has already; default: one of its own, with the process's metrics in it. */
  readonly registry?: Registry;
  /** Would a MESSAGE be taken now? Default: while the silo is well. */
  readonly readiness?: () => Promise<Readiness>;
  /** Where this process is one of several that serve as one: what all of them say together. */
  readonly whole?: Whole | undefined;
  /** Clock in epoch seconds. */
  readonly now?: () => number;
}

export interface Whole {
  readonly readiness: () => Promise<Readiness>;
  /** In Prometheus' text form. */
  readonly metrics: () => Promise<string>;
}

export interface Admin {
  /** Answers a request of the fetch standard: for hosts that speak it, and for tests without sockets. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** The same for `node:http`, and for what is made like it. */
  readonly listener: RequestListener;
  /** What whoever asks must know: as it was given, or made for this run. */
  readonly token: string;
  /** All metrics; a host may add its own. */
  readonly registry: Registry;
  /** Listens at the address of the options, and says at which; undefined with `off`. */
  readonly open: () => Promise<string | undefined>;
  /** Listens no more, and ends the streams of events, also those behind a listener of the host. */
  readonly close: () => Promise<void>;
}

/**
 * @example
 * const admin = createAdmin({ silo, store, mwi });
 * http.createServer(admin.listener).listen(8060, '127.0.0.1');
 */
export function createAdmin(dependencies: AdminDependencies, options: AdminOptions = {}): Admin {
  const settings = checkOptions(adminOptions, options);
  const { silo, store, mwi, auth, limits, whole, now = epochSeconds } = dependencies;
  const token = settings.token === '' ? randomBytes(24).toString('base64url') : settings.token;
  conceal(token);
  const access = createAccess({ token, hosts: settings.hosts, now });
  const own = dependencies.readiness ?? createReadiness(() => silo.health());
  const readiness = whole?.readiness ?? own;

  // Nothing is measured where nobody will ask.
  let made: Metrics | undefined;
  const metrics = () =>
    (made ??= createMetrics({ silo, store, mwi, auth, limits, readiness: own, now }, dependencies.registry));

  const app = new Hono<Env>();
  app.onError(responseTo);
  app.notFound(() => problemResponse({ status: 404, detail: 'There is nothing here under this name.' }));
  app.use(
    counted((area, status) => metrics().answered(area, status)),
    safeHeaders,
  );
  app.route('/', healthRoutes(readiness, access));
  app.use(access.ownName, smallBody);
  app.route(
    '/',
    metricsRoutes(() => metrics().registry, whole?.metrics ?? (() => metrics().registry.metrics()), access),
  );
  const api = createApi({ silo, mwi, users: auth?.users, readiness });
  app.use('/api/*', access.required);
  app.route('/api', api.routes);
  app.route('/', pageRoutes({ silo, mwi, readiness, now }, access));

  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = new HttpServer((req, res) => void listener(req, res));
  return {
    fetch: (request) => app.fetch(request, {}),
    listener: (req, res) => void listener(req, res),
    token,
    get registry() {
      return metrics().registry;
    },
    open: async () => {
      if (settings.listen === 'off') return undefined;
      metrics();
      return urlOf(await server.open(settings.listen));
    },
    close: async () => {
      // Those behind a listener of the host, too.
      api.close();
      await server.close();
    },
  };
}
