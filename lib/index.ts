/** The public face of drachtio-silo: a table of contents. */

// Types
export type { SiloErrorCode } from './base/errors.ts';
export type { LogFields, LogLevel, LogListener, LogOptions } from './base/log.ts';
export type { NodeOptions, NodeState, SiloNode } from './node/node.ts';

// Requests and answers, as handlers and hooks see them
export type { Middleware } from './sip/drachtio/port.ts';
export type {
  Answer,
  Handler,
  Next,
  OutgoingRequest,
  ResponseOptions,
  SipRequest,
  SipResponse,
} from './sip/drachtio/messages.ts';
export type { Binding } from './sip/read/binding.ts';

// The parts and what they take
export type { Registrar } from './registrar/registrar.ts';
export type { RegistrarOptions } from './registrar/options.ts';
export type {
  MendedEvent,
  Mwi,
  MwiDependencies,
  MwiEmitter,
  MwiEvents,
  MwiStatistics,
  NotifiedEvent,
} from './mwi/mwi.ts';
export type { LampSource, Publish, Published } from './mwi/state/program-source.ts';
export type { Authorize, MwiOptions } from './mwi/request/options.ts';
export type {
  LastNotify,
  MailboxEntry,
  MailboxOperations,
  MailboxPage,
  MailboxSource,
  MailboxWatcher,
  ShownMailbox,
} from './mwi/state/mailboxes.ts';
export type { StoreResult } from './silo/receive/accept.ts';
export type { BindingSource } from './silo/state/bindings.ts';
export type { StoreOverrides } from './silo/receive/message-of-request.ts';
export type { DeadLetters } from './silo/manage/dead-letters.ts';
export type {
  AttemptEvent,
  EndedEvent,
  MovedEvent,
  SiloEmitter,
  SiloEvents,
  StoredEvent,
} from './silo/state/events.ts';
export type { SiloOptions } from './silo/state/options.ts';
export type { Verdict } from './silo/state/outcome.ts';
export type {
  BindingOperations,
  BoxCounts,
  BoxEntry,
  BoxOperations,
  BoxOrder,
  BoxPage,
  BoxQuery,
  DeviceOperations,
  ErasedPerson,
  ErasedRows,
  HeldLease,
  MessageOperations,
  MessageWay,
  NodeOperations,
  Operations,
  PersonOperations,
  PersonRecord,
  QuarantineOperations,
  ShownBox,
  ShownDevice,
  ShownMessage,
  ShownNode,
  Stuck,
  StuckReason,
  WayStep,
} from './silo/manage/operations.ts';
export type { Reminder, Reminders } from './silo/manage/reminders.ts';
export type { Health, Statistics } from './silo/state/statistics.ts';
export type { Submission, Submit, Submitted } from './silo/submit/submission.ts';
export type { Silo, SiloDependencies } from './silo/silo.ts';

// Messages and what a store does with them
export type { Accepted, AcceptRules } from './stores/contract/accept.ts';
export type { DeadLetter } from './stores/contract/dead-letters.ts';
export type { Message, NewMessage, Outcome } from './stores/contract/message.ts';
export type { Store, StoreLoad } from './stores/contract/store.ts';
export type { Distribution } from './base/histogram.ts';

// Storage
export { openStore } from './stores/open.ts';
export type { StoreOptions } from './stores/options.ts';
export { encryptStored, type Encrypted, type EncryptOptions } from './stores/encrypt.ts';

// Offline messages
export { createSilo } from './silo/silo.ts';
export {
  createStoreOperations,
  type StoreOperations,
  type StoreOperationsOptions,
} from './silo/store-operations.ts';

// How much anybody may ask
export {
  createLimits,
  type Limits,
  type LimitsDependencies,
  type LimitsStatistics,
} from './auth/limits/limits.ts';
export type { LimitsOptions } from './auth/limits/options.ts';

// A registrar for applications without one
export { createRegistrar } from './registrar/registrar.ts';

// Message-waiting lamps
export { createMwi } from './mwi/mwi.ts';
export { createStoreMailboxes } from './mwi/store-mailboxes.ts';

// Who is asking, and what they may do
export { createTrust, type Trust } from './auth/trust/trust.ts';
export type { TrustOptions } from './auth/trust/options.ts';
export {
  createAuthorisation,
  type Authorisation,
  type AuthorisationOptions,
  type AuthorizeAor,
} from './auth/authorisation.ts';
export { identityOf, setIdentity, NOBODY, type Identity } from './auth/identity.ts';
export { createAuth, type Auth, type AuthDependencies, type AuthStatistics } from './auth/auth.ts';
export type { AuthOptions } from './auth/options.ts';
export type { Secrets } from './auth/digest/verify.ts';
export type { FindUser } from './auth/users/find.ts';
export type { GivenPassword, ListedUser, UserOperations, UserPage } from './auth/users/operations.ts';

// Message summaries (RFC 3842)
export { SummaryError, formatSummary, parseSummary } from './mwi/summary/summary.ts';
export type {
  ContextClass,
  Counts,
  FormatOptions,
  MessageHeader,
  ParsedSummary,
  ParseOptions,
  Summary,
  SummaryMode,
} from './mwi/summary/summary.ts';

// Health, metrics, API and page by HTTP
export { createAdmin, type Admin, type AdminDependencies } from './admin/admin.ts';
export type { AdminOptions } from './admin/options.ts';
export type { Readiness } from './admin/health/readiness.ts';

// The port to drachtio, shared by the features of one app
export { createPort, type Port } from './sip/drachtio/port.ts';

// This node among others on one database
export { createNode } from './node/node.ts';

// Errors and logs
export { SiloError } from './base/errors.ts';
export { onLog } from './base/log.ts';
