/** What the parts of the front end share while it runs. */
import type { Endpoints } from './network/endpoints.ts';
import type { ClientTransactions } from './client-transaction.ts';
import type { Dialogs } from './dialogs.ts';
import type { Faults } from './network/faults.ts';
import type { LoopbackPorts } from './network/loopback.ts';
import type { ServerTransactions } from './pending.ts';
import type { RegisteredConnections } from './network/registered.ts';
import type { Routes } from './routes.ts';
import type { Timers } from './network/timers.ts';

export interface Core {
  readonly timers: Timers;
  readonly faults: Faults;
  readonly endpoints: Endpoints;
  readonly routes: Routes;
  readonly servers: ServerTransactions;
  readonly clients: ClientTransactions;
  readonly dialogs: Dialogs;
  readonly registered: RegisteredConnections;
  readonly loopback: LoopbackPorts;
}
