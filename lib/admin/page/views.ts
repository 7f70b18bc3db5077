/** What the pages say: of what is given to them, and nothing is asked here. */
import { html } from 'hono/html';
import type { ShownMailbox, MailboxPage } from '../../mwi/state/mailboxes.ts';
import type {
  BoxEntry,
  BoxPage,
  MessageWay,
  ShownBox,
  ShownMessage,
  ShownNode,
} from '../../silo/manage/operations.ts';
import type { Statistics } from '../../silo/state/statistics.ts';
import type { DeadLetter } from '../../stores/contract/dead-letters.ts';
import type { Readiness } from '../health/readiness.ts';
import { ladder, stepList } from './ladder.ts';
import { boxLink, doing, more, span, table, timeOf, type Html } from './layout.ts';

export function loginView(wrong: boolean): Html {
  return html`<form class="login" action="/login" method="post">
    <input name="user" autocomplete="username" value="operator" hidden />
    <label
      >Token<input name="token" type="password" autocomplete="current-password" required autofocus
    /></label>
    <button>Log in</button>
    ${wrong ? html`<p role="alert" class="bad">This is not the token.</p>` : ''}
    <p>
      The application prints an address with the token when it starts; where <code>SILO_HTTP_TOKEN</code> is
      set, it is that one.
    </p>
  </form>`;
}

const CHARTS = [
  ['Stored', 'stored'],
  ['Delivered', 'ended outcome delivered'],
  ['Attempts', 'attempt'],
  ['Refused', 'refused'],
] as const;

export interface NowView {
  readonly readiness: Readiness;
  readonly counts: { readonly boxes: number; readonly messages: number };
  readonly statistics: Statistics;
  readonly oldest: BoxPage;
  readonly nodes: readonly ShownNode[];
  readonly now: number;
}

export function nowView({ readiness, counts, statistics, oldest, nodes, now }: NowView): Html {
  const [first] = oldest.boxes;
  const tiles: readonly (readonly [string, unknown])[] = [
    ['Ready', readiness.ready ? 'yes' : html`<span class="bad">no</span>`],
    ['Messages wait', counts.messages],
    ['In boxes', counts.boxes],
    ['Oldest', first === undefined ? '–' : span(Math.max(0, now - first.oldest))],
    ['Delivered here', statistics.delivered],
    ['Dead here', statistics.dead],
  ];
  const wrong = Object.entries(readiness.checks).filter(([, { ok }]) => !ok);
  return html`<dl class="tiles">
      ${tiles.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${wrong.map(([name, { detail }]) => html`<p class="bad">${name}: ${detail}</p>`)}
    <h2>This minute</h2>
    <div class="charts">
      ${CHARTS.map(
        ([name, event]) =>
          html`<figure data-event="${event}">
            <figcaption>${name}: <output>–</output></figcaption>
            <svg viewBox="0 -1 59 22" preserveAspectRatio="none" aria-hidden="true">
              <polyline points="" />
            </svg>
          </figure>`,
      )}
    </div>
    <h2>What waits longest</h2>
    ${boxTable(oldest.boxes, now)}
    <h2>Nodes</h2>
    ${table(
      'Nodes of this database',
      ['node', 'state', 'heard of', 'version', 'SIP', 'serves'],
      nodes.map((node) => [
        node.node,
        node.state === 'dead' ? html`<span class="bad">dead</span>` : node.state,
        `${node.silent} s ago`,
        node.version,
        node.server,
        node.leases.length,
      ]),
    )}`;
}

function boxTable(boxes: readonly BoxEntry[], now: number): Html {
  return table(
    'Boxes',
    ['box', 'waiting', 'oldest', 'why'],
    boxes.map(({ aor, waiting, oldest, stuck }) => [
      boxLink(aor),
      waiting,
      timeOf(oldest, now),
      stuck?.text ?? '',
    ]),
  );
}

export function boxesView(page: BoxPage, query: Readonly<Record<string, string>>, now: number): Html {
  const orders = [
    ['oldest', 'longest waiting'],
    ['waiting', 'most messages'],
    ['name', 'by name'],
  ] as const;
  return html`<form class="actions">
      <label
        >Order
        <select name="order">
          ${orders.map(([order, name]) => html`<option value="${order}" ${query['order'] === order ? 'selected' : ''}>${name}</option>`)}
        </select></label
      >
      <label
        ><input type="checkbox" name="stuck" value="true" ${query['stuck'] === 'true' ? 'checked' : ''} />
        stuck only</label
      >
      <label>Domain <input name="domain" value="${query['domain'] ?? ''}" size="16" /></label>
      <button>Show</button>
    </form>
    ${boxTable(page.boxes, now)} ${more('/boxes', query, page.next)}`;
}

function messageRow(
  { id, from, contentType, size, accepted, expires, attempts, lastStatus }: ShownMessage,
  now: number,
) {
  const tried = attempts === 0 ? 'never' : `${attempts} times, ${lastStatus}`;
  return [
    html`<a href="/message?which=${id}">${id}</a>`,
    from,
    `${contentType}, ${size} bytes`,
    timeOf(accepted, now),
    timeOf(expires, now),
    tried,
  ];
}

export function boxView(box: ShownBox, bodies: boolean, now: number): Html {
  const { aor, waiting, messages, stuck, next } = box;
  const of = { aor };
  return html`<p>
      ${waiting} wait. ${stuck?.text ?? ''} <a href="/lamp?aor=${encodeURIComponent(aor)}">Lamp</a>
    </p>
    <div class="actions">
      ${doing('/box/requeue', of, 'Try all at once')}
      <form action="/box/move" method="post">
        <input type="hidden" name="aor" value="${aor}" />
        <label>Move to <input name="to" required size="20" placeholder="carol@example.org" /></label>
        <button>Move</button>
      </form>
      <a href="/box/remove?aor=${encodeURIComponent(aor)}">Remove all …</a>
      <a href="/erase?aor=${encodeURIComponent(aor)}">Erase this person …</a>
    </div>
    ${table(
      'Messages, in the order in which they leave',
      ['id', 'from', 'content', 'accepted', 'ends', 'tried'],
      messages.map((message) => messageRow(message, now)),
    )}
    ${more('/box', of, next)}
    ${bodies ? messages.map(contentOf) : html`<p><a href="/box?${new URLSearchParams({ aor, bodies: 'true' }).toString()}">Show what is in them</a> (that is logged)</p>`}`;
}

function contentOf({ id, headers = '', body = Buffer.alloc(0) }: ShownMessage): Html {
  return html`<h2>Message ${id}</h2>
    <pre>
${headers}
${body.toString()}</pre>`;
}

export function waysView(ways: readonly MessageWay[], now: number): Html {
  return html`${ways.map(
    (way) =>
      html`<section>
        <h2>For ${boxLink(way.aor)}: ${way.state}</h2>
        <p>Accepted ${timeOf(way.accepted, now)}. ${way.status === 0 ? '' : way.status} ${way.reason}</p>
        ${ladder(way)} ${stepList(way, now)}
      </section>`,
  )}`;
}

export function deadView(letters: readonly DeadLetter[], next: string | undefined, now: number): Html {
  return html`${table(
    'Messages that could not be delivered',
    ['id', 'box', 'from', 'ended', 'why', ''],
    letters.map(({ id, key, box, srcAddr, endTime, status, reason }) => [
      html`<a href="/message?which=${key}">${id}</a>`,
      boxLink(box),
      srcAddr,
      timeOf(endTime, now),
      `${status === 0 ? '' : `${status} `}${reason}`,
      html`${doing('/dead/replay', { id: String(id) }, 'Send again')}
      ${doing('/dead/drop', { id: String(id) }, 'Drop')}`,
    ]),
  )}
  ${more('/dead', {}, next)}`;
}

export function lampsView({ mailboxes, next }: MailboxPage, now: number): Html {
  return html`${table(
    'Mailboxes that somebody watches or publishes for',
    ['mailbox', 'lamp', 'seen'],
    mailboxes.map(({ aor, waiting, seen }) => [
      html`<a href="/lamp?aor=${encodeURIComponent(aor)}">${aor}</a>`,
      waiting ? 'on' : 'off',
      timeOf(seen, now),
    ]),
  )}
  ${more('/lamps', {}, next)}`;
}

export function lampView({ aor, waiting, text, sources, watchers, why }: ShownMailbox, now: number): Html {
  return html`<p>The lamp is ${waiting ? 'on' : 'off'}. ${boxLink(aor)}</p>
    <ul>
      ${why.map((sentence) => html`<li>${sentence}</li>`)}
    </ul>
    <pre>${text}</pre>
    <h2>Sources</h2>
    ${table(
      'What adds up to it',
      ['source', 'counts', 'says', 'until'],
      sources.map((source) => [
        source.name,
        source.counts ? 'yes' : 'no',
        source.text ?? '',
        timeOf(source.expires ?? 0, now),
      ]),
    )}
    <h2>Watchers</h2>
    ${table(
      'Who is told',
      ['watcher', 'kind', 'phone', 'node', 'until', 'told last'],
      watchers.map(({ kind, watcher, contact, node, expires, lastNotify }) => [
        watcher,
        kind,
        contact,
        node,
        timeOf(expires, now),
        lastNotify === undefined
          ? '–'
          : html`${timeOf(lastNotify.at, now)}: ${lastNotify.status} ${lastNotify.reason}`,
      ]),
    )}`;
}

export interface Asking {
  readonly aor: string;
  /** What is about to happen, in a sentence. */
  readonly what: string;
  readonly action: string;
  readonly label: string;
}

/** What can't be taken back is asked for twice. */
export function confirmView({ aor, what, action, label }: Asking): Html {
  return html`<p>${what}</p>
    <form action="${action}" method="post">
      <input type="hidden" name="aor" value="${aor}" />
      <p>
        <label>Write the address again: <input name="again" required autocomplete="off" /></label>
      </p>
      <button class="bad">${label}</button>
    </form>`;
}
