/** The public face of drachtio-silo: a table of contents. */

// Types
export type { SiloErrorCode } from './errors.ts';
export type { LogLevel, LogListener } from './log.ts';
export type { NodeOptions, NodeState, SiloNode } from './node.ts';
export type { Middleware } from './sip/port.ts';
export type { RegistrarOptions, Registrar } from './registrar/registrar.ts';
export type { Mwi, MwiDependencies } from './mwi/mwi.ts';
export type { Authorize, MwiOptions } from './mwi/options.ts';
export type { StoreResult } from './silo/accept.ts';
export type { BindingSource } from './silo/bindings.ts';
export type { StoreOverrides } from './silo/content.ts';
export type { DeadLetters } from './silo/dead-letters.ts';
export type { SiloEmitter, SiloEvents } from './silo/events.ts';
export type { SiloOptions } from './silo/options.ts';
export type { Reminder, Reminders } from './silo/reminders.ts';
export type { Health, Statistics } from './silo/statistics.ts';
export type { Silo, SiloDependencies } from './silo/silo.ts';
export type { Binding, DeadLetter, Store } from './stores/store.ts';

// Storage
export { openStore, type StoreOptions } from './stores/open.ts';

// Offline messages
export { createSilo } from './silo/silo.ts';

// A registrar for applications without one
export { createRegistrar } from './registrar/registrar.ts';

// Message-waiting lamps
export { createMwi } from './mwi/mwi.ts';

// Message summaries (RFC 3842)
export { SummaryError, formatSummary, parseSummary } from './mwi/summary.ts';

// The port to drachtio, shared by the features of one app
export { createPort, type Port } from './sip/port.ts';

// This node among others on one database
export { createNode } from './node.ts';

// Errors and logs
export { SiloError } from './errors.ts';
export { onLog } from './log.ts';
