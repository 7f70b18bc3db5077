/**
 * Who may ask: a program that sends the token with each request (RFC 6750 2.1), and a browser that has logged in with it. The cookie is
 * not the token: it says until when it is good, and is signed with the token, so that nothing is remembered here and a new token
 * ends all sessions.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { getCookie, setCookie, deleteCookie } from 'hono/cookie';
import { problemResponse } from './problem.ts';
import type { Asker, HttpContext, HttpMiddleware } from './types.ts';

/** Seconds for which a browser is logged in. */
const SESSION = 12 * 3_600;
const SAFE = new Set(['GET', 'HEAD']);

export interface AccessSettings {
  readonly token: string;
  /** Names under which browsers may ask. */
  readonly hosts: readonly string[];
  /** Clock in epoch seconds. */
  readonly now: () => number;
}

export interface Access {
  /** Refuses whoever has neither token nor session (401), and a browser that another page has sent (403, 421). */
  readonly required: HttpMiddleware;
  /** Who asks; undefined: nobody that we know. */
  readonly askerOf: (context: HttpContext) => Asker | undefined;
  /** Refuses a request under a name that is none of ours (421): another page's, that points here (DNS rebinding). */
  readonly ownName: HttpMiddleware;
  /** Is this the token? Takes equally long for every wrong one. */
  readonly isToken: (given: string) => boolean;
  readonly logIn: (context: HttpContext) => void;
  readonly logOut: (context: HttpContext) => void;
  /** Was it sent by a page of ours? */
  readonly isOwnPage: (context: HttpContext) => boolean;
}

export function createAccess({ token, hosts, now }: AccessSettings): Access {
  const names = new Set(['localhost', ...hosts.map((host) => host.toLowerCase())]);
  const digest = sha256(token);
  // Cookies know no ports: two instances on one host must not log each other out.
  const cookie = `silo_${digest.toString('hex').slice(0, 8)}`;

  function isToken(given: string): boolean {
    return timingSafeEqual(sha256(given), digest);
  }

  function signatureOf(until: string): string {
    return createHmac('sha256', token).update(`session ${until}`).digest('base64url');
  }

  function hasSession(context: HttpContext): boolean {
    const [until = '', signature = ''] = (getCookie(context, cookie) ?? '').split('.');
    if (!timingSafeEqual(sha256(signature), sha256(signatureOf(until)))) return false;
    return Number(until) > now();
  }

  function bearer(context: HttpContext): string | undefined {
    return /^Bearer +(\S+)$/i.exec(context.req.header('Authorization') ?? '')?.[1];
  }

  function askerOf(context: HttpContext): Asker | undefined {
    const given = bearer(context);
    if (given !== undefined) return isToken(given) ? 'token' : undefined;
    return hasSession(context) ? 'session' : undefined;
  }

  /** An address is nobody's to point elsewhere; a name must be one of ours. */
  function isOwnName(context: HttpContext): boolean {
    const host = (context.req.header('Host') ?? '').toLowerCase().replace(/:\d+$/, '');
    return names.has(host) || isIP(host.replace(/^\[|\]$/g, '')) !== 0;
  }

  /** Browsers say who has sent the request, and no page can make them say otherwise. */
  function isOwnPage(context: HttpContext): boolean {
    const site = context.req.header('Sec-Fetch-Site');
    if (site !== undefined) return site === 'same-origin';
    const origin = context.req.header('Origin');
    return (
      origin !== undefined && URL.canParse(origin) && new URL(origin).host === context.req.header('Host')
    );
  }

  const cookieOptions = (context: HttpContext) =>
    ({
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      // Behind a proxy that speaks TLS.
      secure: context.req.header('X-Forwarded-Proto') === 'https',
    }) as const;

  return {
    isToken,
    askerOf,
    isOwnPage,

    ownName: async (context, next) => {
      // Whoever knows the token is no page that was led astray.
      if (askerOf(context) !== 'token' && !isOwnName(context))
        return problemResponse({
          status: 421,
          detail: 'This is asked for under a name that is none of it: SILO_HTTP_HOSTS has those that are.',
        });
      return next();
    },

    required: async (context, next) => {
      const asker = askerOf(context);
      if (asker === undefined)
        return problemResponse({
          status: 401,
          detail: 'Wanted is the token, as in "Authorization: Bearer <token>".',
          headers: { 'WWW-Authenticate': 'Bearer realm="drachtio-silo"' },
        });
      if (asker === 'session' && !SAFE.has(context.req.method) && !isOwnPage(context))
        return problemResponse({ status: 403, detail: 'Another page has sent this; only our own may.' });
      context.set('asker', asker);
      return next();
    },

    logIn: (context) => {
      const until = String(Math.floor(now()) + SESSION);
      setCookie(context, cookie, `${until}.${signatureOf(until)}`, {
        ...cookieOptions(context),
        maxAge: SESSION,
      });
    },

    logOut: (context) => void deleteCookie(context, cookie, cookieOptions(context)),
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
