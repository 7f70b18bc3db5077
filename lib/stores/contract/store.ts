/**
 * The vocabulary of storage and the one interface behind which SQLite and MySQL/MariaDB stand.
 *
 * Words (docs/architecture.md): an AoR is `user@host` in canonical form; a *box* is an AoR's part of the
 * silo; a *lease* is the right of one node to serve a box, its *fence* the number that makes a stale
 * node's writes void. All times are epoch seconds (UTC).
 */
import type { BindingStore } from './bindings.ts';
import type { BoxStore } from './boxes.ts';
import type { BodyKeyStore } from './body-keys.ts';
import type { DeadLetterStore } from './dead-letters.ts';
import type { DeviceStore } from './devices.ts';
import type { InspectionStore } from './inspection.ts';
import type { LeaseStore } from './leases.ts';
import type { MendingStore } from './mending.ts';
import type { MessageStore } from './messages.ts';
import type { MwiStore } from './mwi.ts';
import type { NodeStore, QuarantineStore } from './nodes.ts';
import type { Distribution } from '../../base/histogram.ts';
import type { PersonStore } from './persons.ts';
import type { ReminderStore } from './reminders.ts';
import type { SubmissionStore } from './submissions.ts';
import type { UserStore } from './users.ts';

/** How busy the way to the database is. */
export interface StoreLoad {
  /** Connections that are open; one for a store that works in a thread. */
  readonly connections: number;
  /** Those of them that are in use. */
  readonly busy: number;
  /** Calls that wait for one. */
  readonly waiting: number;
  /** Seconds that a call has waited for a connection; in a thread, until it was done. */
  readonly wait: Distribution;
}

/**
 * Storage. Every method either has happened durably when its promise resolves, or rejects with
 * `SILO_STORE_UNAVAILABLE` (status 503) and has happened not at all or may be repeated safely.
 */
export interface Store
  extends
    MessageStore,
    BoxStore,
    InspectionStore,
    MendingStore,
    ReminderStore,
    DeviceStore,
    DeadLetterStore,
    LeaseStore,
    BindingStore,
    MwiStore,
    NodeStore,
    QuarantineStore,
    PersonStore,
    UserStore,
    SubmissionStore,
    BodyKeyStore {
  /** The store without its password, for the ready line and the logs. */
  readonly name: string;
  /** Rejects when the database can't be used now. */
  ping(): Promise<void>;
  /** Settings of the database by which something acknowledged could be lost: sentences that say found, wanted, do. */
  warnings(): Promise<readonly string[]>;
  /** Known without asking the database. */
  load(): StoreLoad;
  close(): Promise<void>;
}
