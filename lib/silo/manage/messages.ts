/** One message and its whole way, for operators. */
import type { BoxedMessage, LedgerEntry } from '../../stores/contract/inspection.ts';
import type { Store } from '../../stores/contract/store.ts';
import { keysOfCall } from '../state/message-key.ts';
import type { MessageOperations, MessageWay, WayStep } from './operations.ts';
import { shownMessage } from './shown.ts';
import type { RememberedWay, Ways } from './ways.ts';

/** Messages of one Call-ID. */
const MOST = 100;

export interface MessageOperationsContext {
  readonly store: Pick<Store, 'ledgerBetween' | 'messageById' | 'messageByKey' | 'deadById' | 'deadByKey'>;
  /** What this node remembers; without, only the store is asked. */
  readonly ways?: Ways;
}

export function createMessageOperations({ store, ways }: MessageOperationsContext): MessageOperations {
  async function keysById(id: number): Promise<readonly string[]> {
    const message = (await store.messageById(id)) ?? (await store.deadById(id));
    const key = message?.key ?? ways?.byId(id)?.key;
    return key === undefined ? [] : [key];
  }

  async function entriesOf(which: number | string): Promise<readonly LedgerEntry[]> {
    const byKey = (key: string) => store.ledgerBetween(key, key, 1);
    if (typeof which === 'number') return (await Promise.all((await keysById(which)).map(byKey))).flat();
    if (/^[0-9a-f]{64}$/.test(which)) {
      const found = await byKey(which);
      if (found.length > 0) return found;
    }
    const [first, last] = keysOfCall(which);
    const entries = await store.ledgerBetween(first, last, MOST);
    // Keys that were made otherwise: those of an earlier version, or of programs.
    const keys = new Set(entries.map(({ key }) => key));
    const others = (ways?.byCallId(which) ?? []).filter(({ key }) => !keys.has(key));
    return [...entries, ...(await Promise.all(others.map(({ key }) => byKey(key)))).flat()];
  }

  async function wayOf(entry: LedgerEntry, bodies: boolean): Promise<MessageWay> {
    const { key, box } = entry;
    const waiting = entry.outcome === '';
    const message = waiting ? await store.messageByKey(key) : undefined;
    const dead = entry.outcome === 'dead' ? await store.deadByKey(box, key) : undefined;
    const remembered = ways?.byKey(key);
    const found = message ?? dead;
    const id = found?.id ?? remembered?.id;
    return {
      key,
      aor: box,
      ...(id === undefined ? {} : { id }),
      state: entry.outcome === '' ? 'waiting' : entry.outcome,
      accepted: entry.incTime,
      ended: entry.endTime,
      status: message?.lastStatus ?? entry.status,
      reason: entry.reason,
      ...(found ? { message: shownMessage(found, bodies) } : {}),
      steps: stepsOf(entry, found, remembered),
    };
  }

  return {
    show: async (which, { bodies = false } = {}) => {
      const entries = await entriesOf(which);
      const shown = await Promise.all(entries.map((entry) => wayOf(entry, bodies)));
      return shown.sort((a, b) => b.accepted - a.accepted || (b.id ?? 0) - (a.id ?? 0));
    },
  };
}

/** Each step that is remembered, in order; what the ledger and the row say where that is all there is. */
function stepsOf(
  entry: LedgerEntry,
  message: BoxedMessage | undefined,
  remembered: RememberedWay | undefined,
): readonly WayStep[] {
  const seen = remembered?.steps ?? [];
  const knows = (what: WayStep['what']) => seen.some((step) => step.what === what);
  const { incTime, endTime, outcome, status, reason } = entry;
  const accepted: WayStep = { at: incTime, what: 'accepted', text: 'accepted' };
  const attempts: WayStep = {
    at: 0,
    what: 'attempt',
    status: message?.lastStatus ?? 0,
    text: `${message?.attempts ?? 0} attempts, this was the last answer`,
  };
  const ended: WayStep = {
    at: endTime,
    what: 'ended',
    status,
    text: reason === '' ? outcome : `${outcome}: ${reason}`,
  };
  return [
    ...(knows('accepted') ? [] : [accepted]),
    ...((message?.attempts ?? 0) > 0 && !knows('attempt') ? [attempts] : []),
    ...seen,
    ...(outcome !== '' && !knows('ended') ? [ended] : []),
  ];
}
