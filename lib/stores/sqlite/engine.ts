/** The store as it works in its thread: every method at once, one after the other. */
import { sqliteBindings } from './bindings.ts';
import type { Sqlite } from './database.ts';
import { sqliteDeadLetters } from './dead-letters.ts';
import { sqliteDevices, sqliteReminders } from './devices.ts';
import { sqliteLeases } from './leases.ts';
import { sqliteMessages } from './messages.ts';
import { sqliteMwi } from './mwi.ts';
import { sqliteNodes } from './nodes.ts';
import { sqliteSweeps, type Sweeps } from './sweeps.ts';
import type { Synchronous } from './synchronous.ts';
import type { Store } from '../contract/store.ts';

/** What the other side answers by itself. */
type Ours = 'name' | 'warnings' | 'close';

export type Engine = Synchronous<Omit<Store, Ours | keyof Sweeps>> & Sweeps;

export interface EngineFiles {
  readonly main: Sqlite;
  /** Leases and heartbeats need no sync: nobody whom they are about survives a power failure. */
  readonly leases: Sqlite;
}

/** @param clock epoch seconds, the time of the call that is being done */
export function createEngine({ main, leases }: EngineFiles, clock: () => number): Engine {
  return {
    ...sqliteMessages(main, clock),
    ...sqliteReminders(main),
    ...sqliteDevices(main, clock),
    ...sqliteDeadLetters(main, clock),
    ...sqliteLeases(leases, clock),
    ...sqliteBindings(main),
    ...sqliteMwi(main, clock),
    ...sqliteNodes(leases, clock),
    ...sqliteSweeps(main, clock),
    ping: () => void main.sql('select 1').all(),
  };
}
