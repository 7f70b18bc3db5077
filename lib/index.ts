/** The public face of drachtio-silo: a table of contents. */

// Types
export type { SiloErrorCode } from './base/errors.ts';
export type { LogLevel, LogListener } from './base/log.ts';
export type { NodeOptions, NodeState, SiloNode } from './node/node.ts';
export type { Middleware } from './sip/drachtio/port.ts';
export type { Registrar } from './registrar/registrar.ts';
export type { RegistrarOptions } from './registrar/options.ts';
export type { Mwi, MwiDependencies } from './mwi/mwi.ts';
export type { Authorize, MwiOptions } from './mwi/request/options.ts';
export type { StoreResult } from './silo/receive/accept.ts';
export type { BindingSource } from './silo/state/bindings.ts';
export type { StoreOverrides } from './silo/receive/message-of-request.ts';
export type { DeadLetters } from './silo/manage/dead-letters.ts';
export type { SiloEmitter, SiloEvents } from './silo/state/events.ts';
export type { SiloOptions } from './silo/state/options.ts';
export type { Reminder, Reminders } from './silo/manage/reminders.ts';
export type { Health, Statistics } from './silo/state/statistics.ts';
export type { Silo, SiloDependencies } from './silo/silo.ts';
export type { Binding } from './sip/read/binding.ts';
export type { DeadLetter } from './stores/contract/dead-letters.ts';
export type { Store } from './stores/contract/store.ts';

// Storage
export { openStore } from './stores/open.ts';
export type { StoreOptions } from './stores/options.ts';

// Offline messages
export { createSilo } from './silo/silo.ts';

// A registrar for applications without one
export { createRegistrar } from './registrar/registrar.ts';

// Message-waiting lamps
export { createMwi } from './mwi/mwi.ts';

// Message summaries (RFC 3842)
export { SummaryError, formatSummary, parseSummary } from './mwi/summary/summary.ts';

// The port to drachtio, shared by the features of one app
export { createPort, type Port } from './sip/drachtio/port.ts';

// This node among others on one database
export { createNode } from './node/node.ts';

// Errors and logs
export { SiloError } from './base/errors.ts';
export { onLog } from './base/log.ts';
