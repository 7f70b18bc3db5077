/** Mailboxes for operators: what each says, out of what, to whom, and why. */
import { cursorOf, limitOf, placeOf } from '../../base/paging.ts';
import { askedAor } from '../../sip/read/recipient.ts';
import { parseNameAddr } from '../../sip/read/headers.ts';
import type { MailboxState, MwiStore, Publication, Subscription } from '../../stores/contract/mwi.ts';
import type { MwiSettings } from '../request/options.ts';
import { chosen, summaryOf } from './compose.ts';
import type { LastNotify, MailboxOperations, MailboxSource, MailboxWatcher } from './mailboxes.ts';
import { write } from './summaries.ts';
import { whyOf } from './why.ts';

/** Watchers of one mailbox that are shown. */
const MOST_WATCHERS = 100;
const LIKE = [''] as const;
const QUESTION = ['mailboxes'] as const;

type ShowSettings = Omit<MwiSettings, 'node' | 'leaseTime'>;

export interface ShowContext {
  readonly store: Pick<MwiStore, 'mailboxStates' | 'usedMailboxes' | 'watchersOf'>;
  readonly settings: ShowSettings;
  readonly now: () => number;
  /** A subscription that this node serves. */
  readonly watched?: (id: string) => Watched | undefined;
  /** Devices that are told without a subscription. @param rows the subscriptions */
  readonly unsolicited?: (
    mailbox: string,
    rows: readonly Subscription[],
  ) => Promise<readonly MailboxWatcher[]>;
}

interface Watched {
  readonly state: string;
  readonly lastNotify: LastNotify | undefined;
}

export function createMailboxOperations(context: ShowContext): MailboxOperations {
  const { store, settings, now } = context;
  const saidBy = (state: MailboxState) => {
    const summary = summaryOf(state, settings);
    return { aor: state.mailbox, waiting: summary.waiting, text: write(summary, state.mailbox, settings) };
  };

  return {
    list: async ({ limit, cursor } = {}) => {
      const size = limitOf(limit);
      const [after = ''] = placeOf(QUESTION, cursor, LIKE) ?? [];
      const rows = await store.usedMailboxes(after, size + 1);
      const page = rows.slice(0, size);
      const states = await store.mailboxStates(
        page.map(({ mailbox }) => mailbox),
        now(),
      );
      const mailboxes = states.map((state, index) => ({ ...saidBy(state), seen: page[index]?.seen ?? 0 }));
      const last = rows.length > size ? page.at(-1) : undefined;
      return { mailboxes, ...(last ? { next: cursorOf(QUESTION, [last.mailbox]) } : {}) };
    },

    show: async (asked) => {
      const aor = askedAor(asked, settings);
      const [states, rows] = await Promise.all([
        store.mailboxStates([aor], now()),
        store.watchersOf(aor, MOST_WATCHERS),
      ]);
      const [state = { mailbox: aor, publications: [], waiting: { messages: 0, urgent: 0 } }] = states;
      const said = saidBy(state);
      const sources = sourcesOf(state, settings);
      const live = rows.filter(({ expires }) => expires > now());
      const unsolicited = (await context.unsolicited?.(aor, live)) ?? [];
      const watchers = [...live.map((row) => watcherOf(row, context)), ...unsolicited].slice(
        0,
        MOST_WATCHERS,
      );
      const why = whyOf({ said, state, sources, watchers }, settings);
      return { ...said, counts: state.waiting, sources, watchers, why };
    },
  };
}

function sourcesOf(state: MailboxState, settings: ShowSettings): readonly MailboxSource[] {
  const counting = new Set(chosen(state.publications, settings));
  const silo: MailboxSource = {
    kind: 'silo',
    name: 'silo',
    counts: settings.showSilo !== 'off',
  };
  return [silo, ...state.publications.map((publication) => sourceOf(publication, counting.has(publication)))];
}

function sourceOf({ publisher, tag, body, expires, stamp }: Publication, counts: boolean): MailboxSource {
  const changed = Math.floor(stamp / 1_000_000);
  return { kind: 'publication', name: publisher, counts, tag, text: body, expires, changed };
}

function watcherOf(row: Subscription, { watched }: ShowContext): MailboxWatcher {
  const served = watched?.(row.id);
  return {
    kind: 'subscription',
    id: row.id,
    watcher: parseNameAddr(row.remote)?.uri ?? row.remote,
    contact: row.target,
    callId: row.callId,
    expires: row.expires,
    node: row.node,
    ...(served ? { state: served.state } : {}),
    ...(served?.lastNotify ? { lastNotify: served.lastNotify } : {}),
  };
}
