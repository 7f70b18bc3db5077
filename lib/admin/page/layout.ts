/** What every page has around it. No script is needed to use it, and nothing comes from elsewhere. */
import { html } from 'hono/html';

export type Html = ReturnType<typeof html>;

const PLACES = [
  ['/', 'Now'],
  ['/boxes', 'Boxes'],
  ['/dead', 'Dead letters'],
  ['/lamps', 'Lamps'],
] as const;

export interface PageOf {
  readonly title: string;
  /** Of the menu; undefined: none of them. */
  readonly place?: string;
  /** What was done just now, in a sentence. */
  readonly said?: string | undefined;
  readonly body: Html;
  /** Nobody is logged in. */
  readonly bare?: boolean;
}

export function layout({ title, place, said, body, bare = false }: PageOf): Html {
  const menu = html`<nav>
    <a class="skip" href="#main">To the content</a>
    ${PLACES.map(
      ([path, name]) =>
        html`<a href="${path}" ${path === place ? html`aria-current="page"` : ''}>${name}</a>`,
    )}
    <form action="/find" role="search">
      <label for="q">AoR or Call-ID</label>
      <input id="q" name="q" type="search" required maxlength="300" />
      <button>Find</button>
    </form>
    <form action="/logout" method="post"><button class="quiet">Log out</button></form>
  </nav>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} – drachtio-silo</title>
        <link rel="icon" href="/page.svg" />
        <link rel="stylesheet" href="/page.css" />
        <script src="/page.js" defer></script>
      </head>
      <body>
        ${bare ? '' : menu}
        <main id="main" tabindex="-1">
          <h1>${title}</h1>
          ${said === undefined ? '' : html`<p role="status" class="said">${said}</p>`} ${body}
        </main>
      </body>
    </html>`;
}

/** A point in time, and how long ago or ahead it is. */
export function timeOf(seconds: number, now: number): Html | string {
  if (seconds === 0) return '–';
  const iso = new Date(seconds * 1000).toISOString();
  const [from, to] = [Math.min(seconds, now), Math.max(seconds, now)];
  return html`<time datetime="${iso}" title="${iso}"
    >${seconds > now ? 'in ' : ''}${span(to - from)}${seconds > now ? '' : ' ago'}</time
  >`;
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
] as const;

export function span(seconds: number): string {
  for (const [size, name] of UNITS) if (seconds >= 2 * size) return `${Math.floor(seconds / size)} ${name}`;
  return `${seconds} s`;
}

export function boxLink(aor: string): Html {
  return html`<a href="/box?aor=${encodeURIComponent(aor)}">${aor}</a>`;
}

/** A table that scrolls by itself where it does not fit. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly unknown[])[],
): Html {
  if (rows.length === 0) return html`<p>None.</p>`;
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (cells) =>
            html`<tr>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The way to the next page of a list. */
export function more(
  path: string,
  query: Readonly<Record<string, string>>,
  next: string | undefined,
): Html | string {
  if (next === undefined) return '';
  return html`<p>
    <a href="${path}?${new URLSearchParams({ ...query, cursor: next }).toString()}">More</a>
  </p>`;
}

/** A button that changes something. */
export function doing(action: string, fields: Readonly<Record<string, string>>, label: string): Html {
  return html`<form action="${action}" method="post">
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
    <button>${label}</button>
  </form>`;
}
