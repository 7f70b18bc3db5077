/** Logging in and out, and what the pages are drawn with. */
import { Hono } from 'hono';
import type { Access } from '../http/access.ts';
import { problemResponse } from '../http/problem.ts';
import type { Env } from '../http/types.ts';
import { layout } from './layout.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { loginView } from './views.ts';

/** An envelope with a lamp. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="9" width="28" height="19" rx="3" fill="#0b5cad"/><path d="M3 11l13 10 13-10" fill="none" stroke="#fff" stroke-width="2"/><circle cx="26" cy="7" r="5" fill="#e8590c"/></svg>';

export function logInRoutes({ askerOf, isToken, logIn, logOut, isOwnPage }: Access): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/page.css', (context) => context.body(STYLE, 200, { 'Content-Type': 'text/css' }));
  app.get('/page.svg', (context) => context.body(ICON, 200, { 'Content-Type': 'image/svg+xml' }));
  app.get('/page.js', (context) => context.body(SCRIPT, 200, { 'Content-Type': 'text/javascript' }));

  app.get('/login', (context) => {
    if (askerOf(context) !== undefined) return context.redirect('/', 303);
    return context.html(layout({ title: 'drachtio-silo', bare: true, body: loginView(false) }));
  });

  app.post('/login', async (context) => {
    if (!isOwnPage(context))
      return problemResponse({ status: 403, detail: 'Another page has sent this; only our own may.' });
    const { token } = await context.req.parseBody();
    if (typeof token !== 'string' || !isToken(token.trim()))
      return context.html(layout({ title: 'drachtio-silo', bare: true, body: loginView(true) }), 401);
    logIn(context);
    return context.redirect('/', 303);
  });

  app.post('/logout', (context) => {
    if (isOwnPage(context)) logOut(context);
    return context.redirect('/login', 303);
  });
  return app;
}
