/** Message waiting indication: SUBSCRIBE, PUBLISH and NOTIFY for message-summary (RFC 3842). Puts its parts together. */
import { epochSeconds } from '../base/clock.ts';
import { createNode, type SiloNode } from '../node/node.ts';
import { SiloError } from '../base/errors.ts';
import { checkOptions } from '../options/check.ts';
import type { Handler, SipRequest } from '../sip/drachtio/messages.ts';
import { createPort, type Middleware, type Port, type Srf } from '../sip/drachtio/port.ts';
import type { MwiStore } from '../stores/contract/mwi.ts';
import type { NodeStore } from '../stores/contract/nodes.ts';
import { createChanges } from './notify/changes.ts';
import { Deactivation } from './notify/deactivate.ts';
import { onRegister } from './notify/register.ts';
import { createServed } from './notify/served.ts';
import { createSubscriptions } from './notify/subscriptions.ts';
import { createSweep } from './notify/sweep.ts';
import { createTakeover } from './notify/takeover.ts';
import { createUnsolicited } from './notify/unsolicited.ts';
import { createAccess } from './request/access.ts';
import { mwiOptions, type MwiOptions, type MwiSettings } from './request/options.ts';
import type { Answer } from '../sip/drachtio/messages.ts';
import { createMwiEvents, type MwiEmitter } from './state/events.ts';
import { createMwiStatistics, type MwiStatistics } from './state/statistics.ts';
import { createPublish, type Publish } from './state/program-source.ts';
import type { MailboxOperations } from './state/mailboxes.ts';
import { onPublish } from './state/publish.ts';
import { createMailboxOperations } from './state/show-mailboxes.ts';
import { createSummaries } from './state/summaries.ts';
import { onSubscribe } from './subscribe/subscribe.ts';

export type { MwiStatistics } from './state/statistics.ts';
export type { MendedEvent, MwiEmitter, MwiEvents, NotifiedEvent } from './state/events.ts';

export interface MwiDependencies {
  readonly srf: Srf;
  readonly store: MwiStore & NodeStore;
  /** The port to drachtio, when the app shares one between features. */
  readonly port?: Port;
  /** This node, when the app shares one between features, and starts and closes it; default: one of its own. */
  readonly node?: SiloNode;
  /** May so much be asked by the source that `publish` is given? Throws a SiloError when not; `createLimits` has one; default: yes. */
  readonly mayAsk?: (req: SipRequest) => void;
  /** Clock in epoch seconds. */
  readonly now?: () => number;
}

export interface Mwi {
  /** For SUBSCRIBE: answers those for message-summary. */
  readonly onSubscribe: Middleware;
  /** For PUBLISH: answers those for message-summary. */
  readonly onPublish: Middleware;
  /** For REGISTER, before the registrar: never answers; tells who comes back, and feeds the `unsolicited` option. */
  readonly onRegister: Middleware;
  /** A program says what it has waiting for a mailbox. */
  readonly publish: Publish;
  /** The state of a mailbox may have changed, as after the silo's events `stored` and `ended`. */
  readonly changed: (mailbox: string) => void;
  /** What this process has told phones since its start. */
  readonly statistics: () => MwiStatistics;
  /** `notified`: a NOTIFY was answered. `mended`: a published summary was taken, and something in it mended or left out. */
  readonly events: MwiEmitter;
  /** What the mailboxes say, to whom, and why. */
  readonly mailboxes: MailboxOperations;
  /** Subscriptions that this node serves. */
  readonly size: () => number;
  /** Sends the phones of an earlier run away, so that they subscribe anew, and starts the clock. Call it once connected. */
  readonly start: () => Promise<void>;
  /** Sends all phones away, so that they subscribe at another node, and stops. The store stays open. */
  readonly close: () => Promise<void>;
}

/**
 * @example
 * const mwi = createMwi({ srf, store });
 * srf.use('subscribe', mwi.onSubscribe);
 * srf.use('publish', mwi.onPublish);
 * silo.events.on('stored', ({ box }) => mwi.changed(box));
 * silo.events.on('ended', ({ box }) => mwi.changed(box));
 * await mwi.start();
 */
export function createMwi(dependencies: MwiDependencies, options: MwiOptions = {}): Mwi {
  const given = checkOptions(mwiOptions, options);
  const { leaseTime } = given;
  const { srf, store } = dependencies;
  const now = dependencies.now ?? epochSeconds;
  const port = dependencies.port ?? createPort(srf);
  const node = dependencies.node ?? createNode({ store, port }, { node: given.node, leaseTime });
  const ownsNode = dependencies.node === undefined;
  const { run } = node;
  const settings: MwiSettings = { ...given, node: node.name };
  const access = createAccess(settings);
  const served = createServed();
  const summaries = createSummaries(store, settings, now);
  const events = createMwiEvents();
  const notified = (mailbox: string, { status, reason }: Answer, took: number | undefined) =>
    events.emit('notified', { mailbox, status, reason, ...(took === undefined ? {} : { took }) });
  const common = { port, store, access, served, summaries, settings, run, now, notified };
  const subscriptions = createSubscriptions(common);
  const unsolicited = createUnsolicited(common);
  const { changed, subscribed } = createChanges({ served, unsolicited });
  const deactivation = new Deactivation({ ...common, subscriptions });
  const sweep = createSweep({ ...common, subscriptions, changed });
  const subscribing = { ...common, subscriptions, subscribed, beginning: new Set<string>() };
  const publishing = { ...common, changed, events };
  const publishSource = createPublish({ ...publishing, mayAsk: dependencies.mayAsk ?? (() => undefined) });
  const registering = { served, unsolicited, settings };

  node.onGone(createTakeover({ store, port, deactivation, self: { node: node.name, run } }));
  node.onForget((aor) => unsolicited.forget(aor));
  if (dependencies.port === undefined) node.onForget(port.forget);
  port.onReconnect(() => void deactivation.reconnected());

  async function close(): Promise<void> {
    deactivation.beginToClose();
    await sweep.close();
    unsolicited.close();
    await deactivation.close();
    if (ownsNode) await node.close();
  }
  let closed: Promise<void> | undefined;

  const unlessClosing = refusing(port, () => deactivation.closing);
  return {
    onSubscribe: port.middleware(
      'mwiOnSubscribe',
      unlessClosing((req, res, next) => onSubscribe(subscribing, req, res, next)),
    ),
    onPublish: port.middleware(
      'mwiOnPublish',
      unlessClosing((req, res, next) => onPublish(publishing, req, res, next)),
    ),
    onRegister: port.middleware('mwiOnRegister', (req, res, next) => onRegister(registering, req, res, next)),
    publish: async (source) => {
      if (deactivation.closing)
        throw new SiloError('SILO_CLOSED', 'This node stops; try again in 5 s.', {
          status: 503,
          retryAfter: 5,
        });
      return publishSource(source);
    },
    changed,
    events,
    statistics: createMwiStatistics(events, () => served.size),
    mailboxes: createMailboxOperations({
      ...common,
      watched: (id) => served.get(id),
      unsolicited: (mailbox) => Promise.resolve(unsolicited.of(mailbox)),
    }),
    size: () => served.size,
    start: async () => {
      if (ownsNode) await node.start();
      await sweep.start();
      void deactivation.deactivatePreviousRun();
    },
    close: () => (closed ??= close()),
  };
}

/** A node that stops takes nothing on: what it answered now would be stranded. */
function refusing(port: Port, closing: () => boolean): (handler: Handler) => Handler {
  return (handler) => (req, res, next) => {
    if (!closing()) return handler(req, res, next);
    port.respond(res, 503, { headers: { 'Retry-After': '5' } });
  };
}
