/** The store as it works in its thread: every method at once, one after the other. */
import { sqliteBindings } from './bindings.ts';
import { sqliteBoxes } from './operations/boxes.ts';
import type { Sqlite } from './inside/database.ts';
import { sqliteDeadLetters } from './dead-letters.ts';
import { sqliteDevices, sqliteReminders } from './devices.ts';
import { sqliteLeases } from './leases.ts';
import { sqliteMending } from './operations/mending.ts';
import { sqliteMessages } from './messages.ts';
import { sqliteMwi } from './mwi.ts';
import { sqliteNodes } from './nodes.ts';
import { sqlitePersons } from './operations/persons.ts';
import { sqliteReads } from './reads.ts';
import { sqliteSubmissions } from './submissions.ts';
import { sqliteSweeps, type Sweeps } from './inside/sweeps.ts';
import { sqliteUsers } from './users.ts';
import type { Synchronous } from './thread/synchronous.ts';
import type { Store } from '../contract/store.ts';

/** What the other side answers by itself. */
type Ours = 'name' | 'warnings' | 'load' | 'close' | 'forgetTurns';

export type Engine = Synchronous<Omit<Store, Ours | keyof Sweeps>> & Sweeps;

/** @param clock epoch seconds, the time of the call that is being done */
export function createEngine(db: Sqlite, clock: () => number): Engine {
  return {
    ...sqliteReads(db),
    ...sqliteMessages(db, clock),
    ...sqliteBoxes(db, clock),
    ...sqliteMending(db, clock),
    ...sqliteReminders(db),
    ...sqliteDevices(db, clock),
    ...sqliteDeadLetters(db, clock),
    ...sqliteLeases(db, clock),
    ...sqliteBindings(db),
    ...sqliteMwi(db, clock),
    ...sqliteNodes(db, clock),
    ...sqlitePersons(db, clock),
    ...sqliteUsers(db),
    ...sqliteSubmissions(db),
    ...sqliteSweeps(db, clock),
    ping: () => void db.sql('select 1').all(),
  };
}
