/** What the buttons of the page do. Each leads back to a page that says what came of it, and leaves a line in the log. */
import { Hono } from 'hono';
import { html } from 'hono/html';
import type { Mwi } from '../../mwi/mwi.ts';
import type { Operations } from '../../silo/manage/operations.ts';
import type { Silo } from '../../silo/silo.ts';
import type { Readiness } from '../health/readiness.ts';
import { audit } from '../http/audit.ts';
import { Refusal } from '../http/problem.ts';
import type { Env, HttpContext } from '../http/types.ts';
import { layout } from './layout.ts';
import { confirmView, type Asking } from './views.ts';

export interface PageContext {
  readonly silo: Operations & Pick<Silo, 'deadLetters' | 'statistics'>;
  readonly mwi: Pick<Mwi, 'mailboxes'> | undefined;
  readonly readiness: () => Promise<Readiness>;
  /** Epoch seconds. */
  readonly now: () => number;
}

export function operationRoutes({ silo: { boxes, deadLetters, persons } }: PageContext): Hono<Env> {
  const app = new Hono<Env>();

  const asking = (aor: string, of: Omit<Asking, 'aor'>) =>
    layout({ title: aor, body: confirmView({ ...of, aor }) });

  app.post('/box/requeue', async (context) => {
    const { aor } = await fieldsOf(context, 'aor');
    const count = await noted(context, [aor], () => boxes.requeue(aor));
    return back(context, '/box', { aor, said: `${count} messages are tried at once.` });
  });

  app.post('/box/move', async (context) => {
    const { aor, to } = await fieldsOf(context, 'aor', 'to');
    const count = await noted(context, [aor, to], () => boxes.move(aor, to));
    return back(context, '/box', { aor: to, said: `${count} messages were moved here from ${aor}.` });
  });

  app.get('/box/remove', (context) =>
    context.html(
      asking(context.req.query('aor') ?? '', {
        what: 'All messages in this box end as erased. Nobody gets them, and their senders are not told.',
        action: '/box/remove',
        label: 'Remove all messages',
      }),
    ),
  );

  app.post('/box/remove', async (context) => {
    const { aor } = await twice(context);
    const count = await noted(context, [aor], () => boxes.remove(aor));
    return back(context, '/box', { aor, said: `${count} messages were removed.` });
  });

  app.post('/dead/replay', async (context) => {
    const { id } = await fieldsOf(context, 'id');
    const count = await noted(context, [id], () => deadLetters.replay([Number(id)]));
    return back(context, '/dead', { said: `${count} is back in its box.` });
  });

  app.post('/dead/drop', async (context) => {
    const { id } = await fieldsOf(context, 'id');
    const count = await noted(context, [id], () => deadLetters.drop([Number(id)]));
    return back(context, '/dead', { said: `${count} was thrown away.` });
  });

  app.get('/erase', (context) =>
    context.html(
      asking(context.req.query('aor') ?? '', {
        what: 'Everything of this person is erased: messages to it and from it, dead letters, bindings, devices, publications, subscriptions, its user.',
        action: '/erase',
        label: 'Erase this person',
      }),
    ),
  );

  app.post('/erase', async (context) => {
    const { aor } = await twice(context);
    const { erased, left } = await noted(context, [aor], () => persons.erase(aor));
    const rows = erased.filter((table) => table.rows > 0);
    return context.html(
      layout({
        title: aor,
        said: 'Erased.',
        body: html`<ul>
            ${rows.map(({ table, rows: n }) => html`<li>${table}: ${n}</li>`)}
          </ul>
          <ul>
            ${left.map((sentence) => html`<li>${sentence}</li>`)}
          </ul>`,
      }),
    );
  });
  return app;
}

/** @throws Refusal when one of them is missing */
async function fieldsOf<Name extends string>(
  context: HttpContext,
  ...names: readonly Name[]
): Promise<Readonly<Record<Name, string>>> {
  const form = await context.req.parseBody();
  const entries = names.map((name) => {
    const value = form[name];
    if (typeof value !== 'string' || value === '')
      throw new Refusal({ status: 400, detail: `The form has no ${name}.` });
    return [name, value] as const;
  });
  return Object.fromEntries(entries) as Readonly<Record<Name, string>>;
}

/** What can't be taken back has its address written twice. */
async function twice(context: HttpContext): Promise<{ readonly aor: string }> {
  const { aor, again } = await fieldsOf(context, 'aor', 'again');
  if (aor !== again.trim())
    throw new Refusal({ status: 400, detail: 'The two addresses differ, so nothing was done.' });
  return { aor };
}

async function noted<T>(
  context: HttpContext,
  subjects: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const what = `${context.req.method} ${context.req.path}`;
  try {
    const result = await work();
    audit(context, what, subjects, 200);
    return result;
  } catch (error) {
    audit(context, what, subjects, 500);
    throw error;
  }
}

function back(context: HttpContext, path: string, query: Readonly<Record<string, string>>): Response {
  return context.redirect(`${path}?${new URLSearchParams(query).toString()}`, 303);
}
