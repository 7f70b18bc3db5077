/** The JSON API: every operation that there is in code, and nothing of its own. */
import { Hono } from 'hono';
import type { UserOperations } from '../../auth/users/operations.ts';
import type { Mwi } from '../../mwi/mwi.ts';
import type { Operations } from '../../silo/manage/operations.ts';
import type { Silo } from '../../silo/silo.ts';
import type { Readiness } from '../health/readiness.ts';
import { audit } from '../http/audit.ts';
import { problemResponse, Refusal, responseTo } from '../http/problem.ts';
import { isOverheard, type Env, type HttpContext } from '../http/types.ts';
import { boxEndpoints, deviceEndpoints } from './boxes.ts';
import { endpoint, type Asked, type Endpoint } from './endpoint.ts';
import { createEventRoutes, EVENTS_DOCUMENT } from './events.ts';
import { mailboxEndpoints, sourceEndpoints } from './lamps.ts';
import { messageEndpoints } from './messages.ts';
import { openApiOf } from './openapi.ts';
import { EXPORT_DOCUMENT, exportRoutes, personEndpoints } from './persons.ts';
import * as schema from './schemas.ts';
import { userEndpoints } from './users.ts';

export interface ApiContext {
  readonly silo: Pick<Silo, 'submit' | 'deadLetters' | 'reminders' | 'events'> & Operations;
  readonly mwi: Pick<Mwi, 'publish' | 'events' | 'mailboxes'> | undefined;
  /** Where there is somebody who asks for passwords. */
  readonly users: UserOperations | undefined;
  readonly readiness: () => Promise<Readiness>;
}

export interface Api {
  readonly routes: Hono<Env>;
  /** Ends what would go on for ever. */
  readonly close: () => void;
}

/** Who asks was made sure of before. */
export function createApi(context: ApiContext): Api {
  const { silo, mwi } = context;
  const endpoints = endpointsOf(context);
  const events = createEventRoutes(silo, mwi);
  const routes = new Hono<Env>();
  routes.onError(responseTo);
  routes.route('/', exportRoutes(silo.persons));
  const document = openApiOf(endpoints, [EVENTS_DOCUMENT, EXPORT_DOCUMENT]);
  for (const one of endpoints)
    routes.on(one.method.toUpperCase(), one.path.replace(/\{(\w+)\}/g, ':$1'), (asking) =>
      answer(one, asking),
    );
  routes.get('/openapi.json', (asking) => asking.json(document));
  routes.route('/', events.routes);
  routes.notFound(() =>
    problemResponse({
      status: 404,
      detail: 'The API has nothing of this name: /api/openapi.json says what it has.',
    }),
  );
  return { routes, close: events.close };
}

function endpointsOf({ silo, mwi, users, readiness }: ApiContext): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/health',
      tag: 'health',
      summary: 'Is it ready, and is it well? As /readyz says it.',
      answer: schema.readiness,
      run: () => readiness(),
    }),
    ...messageEndpoints(silo),
    ...boxEndpoints(silo),
    ...deviceEndpoints(silo),
    ...personEndpoints(silo.persons),
    ...(users ? userEndpoints(users) : []),
    ...(mwi ? [...sourceEndpoints(mwi), ...mailboxEndpoints(mwi.mailboxes)] : []),
  ];
}

async function answer(one: Endpoint, context: HttpContext): Promise<Response> {
  const asked: Asked = {
    params: context.req.param(),
    query: context.req.query(),
    body: one.body === undefined ? undefined : await jsonOf(context),
    idempotencyKey: context.req.header('Idempotency-Key'),
  };
  const noted = one.changes === true || one.shows(asked);
  const note = (status: number) => {
    if (noted)
      audit(context, `${one.method.toUpperCase()} /api${one.path}`, Object.values(asked.params), status);
  };
  try {
    if (one.secret === true && isOverheard(context)) throw overheard();
    const said = await one.handle(asked);
    note(one.status ?? 200);
    return context.json(said as object, (one.status ?? 200) as 200);
  } catch (error) {
    const refused = responseTo(error);
    note(refused.status);
    return refused;
  }
}

function overheard(): Refusal {
  return new Refusal({
    status: 403,
    detail:
      'A password is taken over TLS (by a proxy that says so with X-Forwarded-Proto: https), or from this machine. This one has come over the network in the clear: choose another.',
  });
}

/** @throws Refusal */
async function jsonOf(context: HttpContext): Promise<unknown> {
  const type = context.req.header('Content-Type') ?? '';
  if (!/^application\/json\b/i.test(type))
    throw new Refusal({
      status: 415,
      detail: `Content-Type is ${type || 'not there'}; wanted is application/json.`,
    });
  const text = await context.req.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refusal({ status: 400, detail: 'The body is no JSON.' });
  }
}
