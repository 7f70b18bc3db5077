/** All metrics, by Prometheus' conventions. What they count is counted in the rooms that do it; here it is read. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Auth } from '../../auth/auth.ts';
import type { Limits } from '../../auth/limits/limits.ts';
import { memories } from '../../base/memories.ts';
import { packageVersion } from '../../base/package.ts';
import type { Mwi } from '../../mwi/mwi.ts';
import type { Silo } from '../../silo/silo.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { Readiness } from '../health/readiness.ts';
import { createBacklog } from './backlog.ts';
import { counters, gauge, labelled, type Series } from './instruments.ts';
import { ReadHistogram } from './read-histogram.ts';
import { ANSWER_CLASSES, answerClass, refusalWord } from './refusals.ts';
import { CHECK_OK } from './several.ts';

export interface MetricsContext {
  readonly silo: Pick<Silo, 'statistics'>;
  readonly mwi: Pick<Mwi, 'statistics'> | undefined;
  readonly auth: Pick<Auth, 'statistics'> | undefined;
  readonly limits: Pick<Limits, 'statistics'> | undefined;
  readonly store: Pick<Store, 'name' | 'load' | 'ledger' | 'oldest'>;
  readonly readiness: () => Promise<Readiness>;
  readonly now: () => number;
}

export interface Metrics {
  readonly registry: Registry;
  /** A request by HTTP was answered. */
  readonly answered: (area: string, status: number) => void;
}

/** @param shared a host app's registry, with its own metrics of the process; without, ours has those */
export function createMetrics(context: MetricsContext, shared?: Registry): Metrics {
  const registry = shared ?? new Registry();
  if (shared === undefined) collectDefaultMetrics({ register: registry });
  ofProcess(registry, context);
  ofMemories(registry);
  ofSilo(registry, context);
  ofStore(registry, context);
  if (context.mwi) ofLamps(registry, context.mwi);
  ofAskers(registry, context);
  const requests = new Counter({
    name: 'silo_http_requests_total',
    help: 'Requests by HTTP, by what was asked for and the class of the answer.',
    labelNames: ['area', 'class'],
    registers: [registry],
  });
  return { registry, answered: (area, status) => requests.inc({ area, class: answerClass(status) }) };
}

function ofProcess(registry: Registry, { store, readiness }: MetricsContext): void {
  new Gauge({
    name: 'silo_build_info',
    help: 'Always 1; the labels say what runs.',
    aggregator: 'first',
    labelNames: ['version', 'node', 'store'],
    registers: [registry],
  }).set({ version: packageVersion(), node: process.version, store: store.name.split(':', 1)[0] ?? '' }, 1);
  const checks = new Gauge({
    ...CHECK_OK,
    labelNames: ['check'],
    registers: [registry],
    async collect() {
      const { checks: all } = await readiness();
      for (const [check, { ok }] of Object.entries(all)) checks.set({ check }, ok ? 1 : 0);
    },
  });
  const ready = {
    name: 'silo_ready',
    help: 'Would a MESSAGE be taken now: 1 or 0.',
    aggregator: 'max',
  } as const;
  gauge(registry, ready, async () => ((await readiness()).ready ? 1 : 0));
}

function ofMemories(registry: Registry): void {
  const entries = {
    name: 'silo_memory_entries',
    help: 'Entries in the memories that have a bound: docs/memory.md says what they remember.',
  };
  labelled(registry, entries, 'memory', () => memories().map((memory) => [[memory.name], memory.entries]));
  const most = {
    name: 'silo_memory_most',
    help: 'Entries that such a memory holds at most; then those that were set longest ago go.',
  };
  labelled(registry, most, 'memory', () => memories().map((memory) => [[memory.name], memory.most]));
}

function ofSilo(registry: Registry, { silo: { statistics } }: MetricsContext): void {
  const accepted = { name: 'silo_messages_accepted_total', help: 'Messages stored.' };
  counters(registry, accepted, [], () => [[[], statistics().stored]]);
  const refused = { name: 'silo_messages_refused_total', help: 'MESSAGEs refused, by status and why.' };
  counters(registry, refused, ['status', 'reason'], () =>
    Object.entries(statistics().refused).map(([status, n]) => [[status, refusalWord(Number(status))], n]),
  );
  const ended = { name: 'silo_messages_ended_total', help: 'Messages that ended, by how.' };
  counters(registry, ended, ['outcome'], () => {
    const { delivered, expired, dead, erased } = statistics();
    return Object.entries({ delivered, expired, dead, erased }).map(([outcome, n]) => [[outcome], n]);
  });
  const reminders = { name: 'silo_reminders_sent_total', help: 'Delivered messages that had a set time.' };
  counters(registry, reminders, [], () => [[[], statistics().reminders]]);
  const attempts = { name: 'silo_attempts_total', help: 'MESSAGEs sent from a box, by what came back.' };
  counters(registry, attempts, ['class'], () => byClass(statistics().attempts));
  const lost = { name: 'silo_leases_lost_total', help: 'Leases that a lane could not be sure of any more.' };
  counters(registry, lost, [], () => [[[], statistics().leasesLost]]);
  const lanes = { name: 'silo_lanes', help: 'Boxes that are served, or wait to be served, by this node.' };
  gauge(registry, lanes, () => statistics().lanes);
  const accept = {
    name: 'silo_accept_seconds',
    help: 'From the reading of a MESSAGE to the commit that lets it be answered with 202.',
  };
  new ReadHistogram(accept, registry, () => statistics().accept);
  const wait = {
    name: 'silo_wait_seconds',
    help: 'How long delivered messages have waited, from their acceptance or their set time on.',
  };
  new ReadHistogram(wait, registry, () => statistics().wait);
}

function ofStore(registry: Registry, { store, now }: MetricsContext): void {
  const backlog = createBacklog(store, now);
  const sameOnAll = { aggregator: 'max' } as const;
  const waiting = {
    name: 'silo_messages_waiting',
    help: 'Messages that wait in the database; the same on every node.',
    ...sameOnAll,
  };
  gauge(registry, waiting, async () => (await backlog())?.waiting);
  const dead = {
    name: 'silo_dead_letters',
    help: 'Dead letters in the database; the same on every node.',
    ...sameOnAll,
  };
  gauge(registry, dead, async () => (await backlog())?.dead);
  const oldest = {
    name: 'silo_oldest_message_age_seconds',
    help: 'Since the acceptance of the message that waits longest; the same on every node.',
    ...sameOnAll,
  };
  gauge(registry, oldest, async () => (await backlog())?.oldest);
  const load = new Gauge({
    name: 'silo_store_connections',
    help: 'Connections to the database: open, in use, and calls that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { connections, busy, waiting: calls } = store.load();
      for (const [state, n] of Object.entries({ open: connections, busy, waiting: calls }))
        load.set({ state }, n);
    },
  });
  const wait = {
    name: 'silo_store_wait_seconds',
    help: 'How long a call waited for a connection (MySQL), or took in all (SQLite, which has a thread).',
  };
  new ReadHistogram(wait, registry, () => store.load().wait);
}

function ofLamps(registry: Registry, { statistics }: Pick<Mwi, 'statistics'>): void {
  const subscriptions = { name: 'silo_subscriptions', help: 'Subscriptions that this node serves.' };
  gauge(registry, subscriptions, () => statistics().subscriptions);
  const notifies = { name: 'silo_notifies_total', help: 'NOTIFYs, by what came back.' };
  counters(registry, notifies, ['class'], () => byClass(statistics().notifies));
  const lamp = {
    name: 'silo_lamp_seconds',
    help: 'From when a change was known here until a phone had taken the NOTIFY that tells it.',
  };
  new ReadHistogram(lamp, registry, () => statistics().lamp);
}

function ofAskers(registry: Registry, { auth, limits }: MetricsContext): void {
  if (auth) {
    const results = { name: 'silo_auth_results_total', help: 'What came of asking who somebody is.' };
    counters(registry, results, ['result'], () => seriesOf(auth.statistics().results));
  }
  if (!limits) return;
  const refused = { name: 'silo_limits_refused_total', help: 'Requests refused by a limit, by which one.' };
  counters(registry, refused, ['limit'], () => seriesOf(limits.statistics().refused));
  const remembered = {
    name: 'silo_limits_remembered',
    help: 'Sources, senders, pairs and domains that the limits remember.',
  };
  gauge(registry, remembered, () => limits.statistics().remembered);
}

function seriesOf(counts: Readonly<Record<string, number>>): Series {
  return Object.entries(counts).map(([name, n]) => [[name], n]);
}

/** Each class is there from the start, so that its first one can be seen to be more than none. */
function byClass(statuses: Readonly<Record<string, number>>): Series {
  const none: Series = ANSWER_CLASSES.map((name) => [[name], 0]);
  return [
    ...none,
    ...Object.entries(statuses).map(([status, n]) => [[answerClass(Number(status))], n] as const),
  ];
}
