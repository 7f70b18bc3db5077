/** The page: a door to the same operations as the API. What it changes or shows of bodies is logged as there. */
import { Hono } from 'hono';
import { html } from 'hono/html';
import { HTTPException } from 'hono/http-exception';
import { SiloError } from '../../base/errors.ts';
import { audit } from '../http/audit.ts';
import type { Access } from '../http/access.ts';
import type { Env, HttpContext, HttpMiddleware } from '../http/types.ts';
import { logInRoutes } from './login.ts';
import { layout, type PageOf } from './layout.ts';
import { operationRoutes, type PageContext } from './operations.ts';
import { boxesView, boxView, deadView, lampsView, lampView, nowView, waysView } from './views.ts';

const PAGE = 25;

export function pageRoutes(page: PageContext, access: Access): Hono<Env> {
  const { silo, mwi, readiness, now } = page;
  const app = new Hono<Env>();
  app.onError((error, context) => failed(context, error));
  app.route('/', logInRoutes(access));
  app.use(loggedIn(access), access.required);

  app.get('/', async (context) => {
    const [ready, counts, oldest, nodes] = await Promise.all([
      readiness(),
      silo.boxes.count(),
      silo.boxes.list({ order: 'oldest', limit: 10 }),
      silo.nodes.list(),
    ]);
    const statistics = silo.statistics();
    const body = nowView({ readiness: ready, counts, statistics, oldest, nodes, now: now() });
    return show(context, { title: 'Now', place: '/', body });
  });

  app.get('/boxes', async (context) => {
    const { order = 'oldest', stuck, domain = '', cursor } = context.req.query();
    const query = { order, ...(stuck === 'true' ? { stuck } : {}), ...(domain === '' ? {} : { domain }) };
    const found = await silo.boxes.list({
      order: order === 'name' || order === 'waiting' ? order : 'oldest',
      limit: PAGE,
      ...(stuck === 'true' ? { stuck: true } : {}),
      ...(domain === '' ? {} : { domain }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    return show(context, { title: 'Boxes', place: '/boxes', body: boxesView(found, query, now()) });
  });

  app.get('/box', async (context) => {
    const { aor = '', cursor, bodies } = context.req.query();
    const query = { bodies: bodies === 'true', limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
    const box = await silo.boxes.show(aor, query);
    if (query.bodies) audit(context, 'GET /box with bodies', [box.aor], 200);
    return show(context, {
      title: box.aor,
      body: boxView(box, query.bodies, now()),
    });
  });

  // A Call-ID may look like an AoR: a message that is known goes first.
  app.get('/find', async (context) => {
    const wanted = (context.req.query('q') ?? '').trim();
    const isAor = wanted.includes('@') && (await silo.messages.show(wanted)).length === 0;
    const path = isAor ? '/box?aor=' : '/message?which=';
    return context.redirect(path + encodeURIComponent(wanted), 303);
  });

  app.get('/message', async (context) => {
    const which = context.req.query('which') ?? '';
    const ways = await silo.messages.show(/^\d{1,15}$/.test(which) ? Number(which) : which);
    if (ways.length === 0) {
      context.status(404);
      return show(context, {
        title: 'No such message',
        body: html`<p>No message is known by this id, key or Call-ID.</p>`,
      });
    }
    return show(context, { title: 'The way of a message', body: waysView(ways, now()) });
  });

  app.get('/dead', async (context) => {
    const after = Number(context.req.query('cursor') ?? 0);
    const letters = await silo.deadLetters.list({ after: Number.isInteger(after) ? after : 0, limit: PAGE });
    const next = letters.length === PAGE ? String(letters.at(-1)?.id ?? 0) : undefined;
    return show(context, { title: 'Dead letters', place: '/dead', body: deadView(letters, next, now()) });
  });

  if (mwi) {
    app.get('/lamps', async (context) => {
      const cursor = context.req.query('cursor');
      const found = await mwi.mailboxes.list({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      return show(context, { title: 'Lamps', place: '/lamps', body: lampsView(found, now()) });
    });
    app.get('/lamp', async (context) => {
      const found = await mwi.mailboxes.show(context.req.query('aor') ?? '');
      return show(context, { title: found.aor, place: '/lamps', body: lampView(found, now()) });
    });
  }

  app.route('/', operationRoutes(page));
  return app;
}

/** A browser without a session is led to where it gets one. */
function loggedIn({ askerOf }: Pick<Access, 'askerOf'>): HttpMiddleware {
  return async (context, next) => {
    if (context.req.method === 'GET' && askerOf(context) === undefined)
      return context.redirect('/login', 303);
    return next();
  };
}

function show(context: HttpContext, of: PageOf): Response | Promise<Response> {
  return context.html(layout({ ...of, said: of.said ?? context.req.query('said') }));
}

/** For a person: as a page, and without what only the log may know. */
function failed(context: HttpContext, error: unknown): Response | Promise<Response> {
  const known = error instanceof SiloError || error instanceof HTTPException;
  if (!known) throw error;
  const status = error.status ?? 500;
  context.status(status === 404 || status === 503 ? status : status < 500 ? 400 : 500);
  return context.html(
    layout({ title: 'That did not work', body: html`<p role="alert" class="bad">${error.message}</p>` }),
  );
}
