/**
 * This node among the others that work on the same database: its heartbeat, and what it sees of theirs.
 *
 * Whether another one lives is judged by whether its row changes while we look, not by comparing clocks: after an outage
 * of the database every row is old, and nobody is dead.
 *
 *   seen ──row unchanged for `leaseTime`, or it says `stopped`──► gone ──row changes──► seen
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { textOf, traceOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { packageVersion } from '../base/package.ts';
import { checkOptions } from '../options/check.ts';
import type { GivenOf } from '../options/option.ts';
import type { Port } from '../sip/drachtio/port.ts';
import type { NodeRow, NodeStore } from '../stores/contract/nodes.ts';
import { createTicker } from '../base/ticker.ts';
import { nodeOptions } from './options.ts';

const log = logger('node');
/** Heartbeats within `leaseTime`. */
const BEATS = 3;
/** Seconds after which a node that was not seen is forgotten. */
const KEEP = 7 * 86_400;
const FORGET_EVERY_MS = 3_600_000;
/** Seconds between looks for persons who were erased, and how many of them are seen at a time. */
const ERASED_TIME = 1;
const ERASED_PAGE = 100;

export interface NodeDependencies {
  readonly store: NodeStore;
  readonly port: Pick<Port, 'server'>;
}

export type NodeOptions = GivenOf<typeof nodeOptions>;

/** A node, and whether it lives. */
export interface NodeState extends NodeRow {
  readonly state: 'alive' | 'stopped' | 'dead';
}

/** Sees to what a node has left. Asked again a little later if it rejects. */
type GoneListener = (gone: NodeRow) => Promise<void>;

export interface SiloNode {
  readonly name: string;
  /** New for each run of the process. */
  readonly run: string;
  /** All nodes that the database knows. */
  readonly all: () => Promise<readonly NodeState[]>;
  /** Calls the listener for each node that has died or stopped, once. */
  readonly onGone: (listener: GoneListener) => void;
  /** Calls the listener for each AoR of which nothing may be remembered any more, since a person was erased, here or by another process. */
  readonly onForget: (listener: (aor: string) => void) => void;
  /** Nothing of this AoR is remembered in this process any more. */
  readonly forget: (aor: string) => void;
  /** Writes the first heartbeat, and then one every few seconds. Once connected, so that it can say to which server. */
  readonly start: () => Promise<void>;
  /** Says that this node stops. */
  readonly close: () => Promise<void>;
}

/**
 * @example
 * const node = createNode({ store, port }, { node: 'one' });
 * const silo = createSilo({ srf, store, port, node });
 * const mwi = createMwi({ srf, store, port, node });
 * await node.start();
 */
export function createNode({ store, port }: NodeDependencies, options: NodeOptions = {}): SiloNode {
  const { node: name, leaseTime } = checkOptions(nodeOptions, options);
  const run = randomUUID();
  const self = `${hostname()} ${process.pid}`;
  const version = packageVersion();
  const beatTime = leaseTime / BEATS;
  const ticker = createTicker(log);
  const listeners: GoneListener[] = [];
  const forgetting: ((aor: string) => void)[] = [];
  const others = createObservation(leaseTime * 1000, beatTime * 1500);
  /** Rows whose end has been seen to, or is being seen to. */
  const settled = new Map<string, string>();
  const warned = new Set<string>();
  let beaten = false;
  let forgotten = -Infinity;

  async function beat(): Promise<void> {
    const rows = await store.beat({ node: name, run, process: self, server: port.server(), version });
    const own = rows.find((row) => row.node === name);
    if (beaten && own) warnOfTwin(own);
    beaten = true;
    for (const row of others.look(rows.filter((row) => row.node !== name))) seeTo(row);
    if (performance.now() - forgotten < FORGET_EVERY_MS) return;
    await store.forgetNodes(KEEP);
    forgotten = performance.now();
  }

  /** Between two heartbeats of ours somebody has written another one under our name. */
  function warnOfTwin({ run: other, process: where, stopped }: NodeRow): void {
    if (other === run || where === self || stopped > 0 || warned.has(other)) return;
    warned.add(other);
    log.warn(
      `Two running processes call themselves "${name}" in this database: this one (${self}) and ${where}. Wanted is a name ` +
        'of its own for each: by the name the phones of a dead node are found, so each start of one sends those of the other ' +
        'away, and the death of one goes unnoticed. Set SILO_NODE differently and start again.',
    );
  }

  /** True when all have. One that can't keeps neither the others from it nor another AoR. */
  function forget(aor: string): boolean {
    const failed = forgetting.filter((listener) => {
      try {
        listener(aor);
        return false;
      } catch (error) {
        log.error(`a memory could not be cleared: ${traceOf(error)}`);
        return true;
      }
    });
    return failed.length === 0;
  }

  async function lookForErased(): Promise<void> {
    const aors = await store.toForget(name, ERASED_PAGE);
    const gone = aors.filter(forget);
    if (gone.length > 0) await store.haveForgotten(name, gone);
  }

  function seeTo(row: NodeRow): void {
    const stamp = stampOf(row);
    if (settled.get(row.node) === stamp) return;
    settled.set(row.node, stamp);
    // Old graves are met at each start.
    if (row.stopped === 0 && row.silent < BEATS * leaseTime)
      log.warn(`node ${row.node} (${row.process}) is dead: nothing was heard of it for ${row.silent} s`);
    for (const listener of listeners)
      listener(row).catch((error: unknown) => {
        log.warn(`what node ${row.node} has left waits: ${textOf(error)}`);
        settled.delete(row.node);
      });
  }

  return {
    name,
    run,
    all: async () => (await store.nodes()).map((row) => ({ ...row, state: stateOf(row, leaseTime) })),
    onGone: (listener) => void listeners.push(listener),
    onForget: (listener) => void forgetting.push(listener),
    forget: (aor) => void forget(aor),
    start: async () => {
      await beat();
      ticker.every(beatTime, beat);
      ticker.every(ERASED_TIME, lookForErased);
    },
    close: async () => {
      await ticker.close();
      if (!beaten) return;
      await store
        .leaveNode(name, run)
        .catch((error: unknown) => log.warn(`the end of this node could not be noted: ${textOf(error)}`));
    },
  };
}

function stateOf({ stopped, silent }: NodeRow, leaseTime: number): NodeState['state'] {
  if (stopped > 0) return 'stopped';
  return silent > leaseTime ? 'dead' : 'alive';
}

function stampOf({ run, seen, stopped }: NodeRow): string {
  return `${run} ${seen} ${stopped}`;
}

/**
 * Finds rows that stand still.
 * @param still ms for which a row of a living node may stand still
 * @param gap ms after which a look does not continue the one before: nobody could write meanwhile, or we slept
 */
function createObservation(still: number, gap: number) {
  let known = new Map<string, { readonly stamp: string; readonly since: number }>();
  let last = -Infinity;
  return {
    look: (rows: readonly NodeRow[]): readonly NodeRow[] => {
      const time = performance.now();
      if (time - last > gap) known = new Map();
      last = time;
      const before = known;
      known = new Map(
        rows.map((row) => {
          const [stamp, old] = [stampOf(row), before.get(row.node)];
          return [row.node, old?.stamp === stamp ? old : { stamp, since: time }];
        }),
      );
      return rows.filter(
        ({ node, stopped }) => stopped > 0 || time - (known.get(node)?.since ?? time) >= still,
      );
    },
  };
}
