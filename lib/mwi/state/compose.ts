/**
 * What a mailbox says: one summary out of its sources, the live publications and the silo itself (RFC 3842 3;
 * RFC 3903 4.5 leaves the composition to the package).
 */
import { logger } from '../../base/log.ts';
import { splitAor } from '../../sip/read/uri.ts';
import type { MailboxState, Publication, WaitingCounts } from '../../stores/contract/mwi.ts';
import type { MwiSettings } from '../request/options.ts';
import { addCounts } from '../summary/counts.ts';
import { parseSummary, type ContextClass, type Counts, type Summary } from '../summary/summary.ts';

const log = logger('mwi:mailbox');

export type ComposeSettings = Pick<MwiSettings, 'compose' | 'priority' | 'waiting' | 'showSilo' | 'account'>;

/** Composes the summary of a mailbox. Without any source it is the neutral one: nothing waits. */
export function summaryOf(state: MailboxState, settings: ComposeSettings): Summary {
  const sources = chosen(state.publications, settings).map(read);
  const counts = new Map<ContextClass, Counts>();
  for (const source of sources) for (const [name, value] of source.counts) add(counts, name, value);
  for (const [name, value] of siloCounts(state.waiting, settings)) add(counts, name, value);
  const account = accountOf(state.mailbox, settings) ?? sources.find((source) => source.account)?.account;
  const silo = settings.showSilo !== 'off' && state.waiting.messages > 0;
  return {
    waiting: silo || sources.some((source) => isWaiting(source, settings.waiting)),
    ...(account === undefined ? {} : { account }),
    counts,
    messages: [],
  };
}

/** The account that a watcher under another name must be told (RFC 3842 3.5). */
export function withAccount(summary: Summary, mailbox: string): Summary {
  return summary.account === undefined ? { ...summary, account: `sip:${mailbox}` } : summary;
}

/** Publications that count, the weightiest first. */
export function chosen(
  publications: readonly Publication[],
  { compose, priority }: ComposeSettings,
): readonly Publication[] {
  const latest = [...publications].sort((a, b) => b.stamp - a.stamp);
  if (compose === 'latest') return latest.slice(0, 1);
  const weight = ({ publisher }: Publication) => {
    const place = priority.indexOf(publisher);
    return place < 0 ? priority.length : place;
  };
  const ordered = latest.sort((a, b) => weight(a) - weight(b) || b.stamp - a.stamp);
  return compose === 'priority' ? ordered.slice(0, 1) : ordered;
}

/** What is stored was written by us; should a later version not be able to read it, that one source counts as empty. */
function read({ body, mailbox }: Publication): Summary {
  try {
    return parseSummary(body);
  } catch (error) {
    log.warn(`a publication for ${mailbox} can't be read any more: ${String(error)}`);
    return { waiting: false, counts: new Map(), messages: [] };
  }
}

function isWaiting({ waiting, counts }: Summary, rule: ComposeSettings['waiting']): boolean {
  const fresh = [...counts.values()].some((value) => value.new > 0);
  switch (rule) {
    case 'flags':
      return waiting;
    case 'counts':
      return counts.size > 0 ? fresh : waiting;
    case 'either':
      return waiting || fresh;
  }
}

function siloCounts(
  { messages, urgent }: WaitingCounts,
  { showSilo }: ComposeSettings,
): readonly (readonly [ContextClass, Counts])[] {
  if (messages === 0 || showSilo === 'off') return [];
  const counts = { new: messages, old: 0, urgentNew: urgent, urgentOld: 0 };
  const classes: readonly ContextClass[] =
    showSilo === 'both'
      ? ['Pager-Message', 'Voice-Message']
      : [showSilo === 'voice' ? 'Voice-Message' : 'Pager-Message'];
  return classes.map((name) => [name, counts] as const);
}

function add(counts: Map<ContextClass, Counts>, name: ContextClass, more: Counts): void {
  const before = counts.get(name);
  counts.set(name, before === undefined ? more : addCounts(before, more));
}

function accountOf(mailbox: string, { account }: ComposeSettings): string | undefined {
  if (typeof account === 'function') return account(mailbox);
  if (account === '') return undefined;
  const { user, host } = splitAor(mailbox);
  const values: Readonly<Record<string, string>> = { aor: mailbox, user, domain: host };
  return account.replace(/\{(aor|user|domain)\}/g, (_, name: string) => values[name] ?? '');
}
