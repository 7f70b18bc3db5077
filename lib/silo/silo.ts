/** The silo: messages that wait. Puts its parts together and offers them as middlewares. */
import { epochSeconds } from '../base/clock.ts';
import { textOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { createNode, type SiloNode } from '../node/node.ts';
import { checkOptions } from '../options/check.ts';
import type { SipRequest } from '../sip/drachtio/messages.ts';
import { createPort, type Middleware, type Port, type Srf } from '../sip/drachtio/port.ts';
import { aorOf } from '../sip/read/uri.ts';
import type { Registration } from '../sip/read/registration.ts';
import type { Store } from '../stores/contract/store.ts';
import { createKnownDevices } from './deliver/known-devices.ts';
import { Lanes } from './deliver/lane/lanes.ts';
import { createLateDelivery } from './deliver/late-delivery.ts';
import { onLive } from './deliver/on-live.ts';
import { onRegister } from './deliver/on-register.ts';
import { registeredElsewhere } from './deliver/registered-elsewhere.ts';
import { createSweep } from './deliver/sweep/sweep.ts';
import { BoxCounting } from './manage/counting.ts';
import { createOperations } from './manage/create.ts';
import { createDeadLetters, type DeadLetters } from './manage/dead-letters.ts';
import type { Operations } from './manage/operations.ts';
import { createReminders, type Reminders } from './manage/reminders.ts';
import { createCircuitBreaker } from './pace/circuit-breaker.ts';
import { createRateLimit } from './pace/rate-limit.ts';
import { createAcceptor, type MayStore, type StoreResult } from './receive/accept.ts';
import { asUri, type StoreOverrides } from './receive/message-of-request.ts';
import { onFailure } from './receive/on-failure.ts';
import { onMessage } from './receive/on-message.ts';
import { createOverload } from './receive/overload.ts';
import { createRegistrationRaces } from './receive/registration-race.ts';
import { createUnderWay } from './receive/under-way.ts';
import { createImdn } from './report/imdn.ts';
import { createOfflineNotices } from './report/offline-notice.ts';
import { createNoteSender } from './report/send-once.ts';
import { observedBindings, type BindingSource } from './state/bindings.ts';
import { createBoxes } from './state/boxes.ts';
import type { SiloContext } from './state/context.ts';
import { createEvents, type SiloEmitter } from './state/events.ts';
import { createInFlight } from './state/in-flight.ts';
import { siloOptions, type SiloOptions, type SiloSettings } from './state/options.ts';
import { Quarantine } from './state/quarantine.ts';
import { createStatistics, healthOf, type Health, type Statistics } from './state/statistics.ts';
import { UnreachableDevices } from './state/unreachable-devices.ts';
import type { WakeBox } from './state/wake.ts';
import { createSubmit, type MayAsk } from './submit/submit.ts';
import type { Submit } from './submit/submission.ts';

const log = logger('silo');

export interface SiloDependencies {
  readonly srf: Srf;
  readonly store: Store;
  /** The registrar; default: the REGISTERs that `onRegister` sees answered with 2xx. */
  readonly bindings?: BindingSource;
  /** The port to drachtio, when the app shares one between features. */
  readonly port?: Port;
  /** This node, when the app shares one between features, and starts and closes it; default: one of its own. */
  readonly node?: SiloNode;
  /** May so much be stored for the sender of this MESSAGE? `createLimits` has one; default: yes. */
  readonly mayStore?: MayStore;
  /** May so much be asked by who sends what `submit` is given? `createLimits` has one; default: yes. */
  readonly mayAsk?: MayAsk;
  /** Is this AoR of a domain that is served, beside what `domains` says? Asked for what `submit` is given; default: yes. */
  readonly serves?: (aor: string) => boolean;
  /** Clock in epoch seconds. */
  readonly now?: () => number;
}

export interface Silo extends Operations {
  /** For REGISTER: never answers; after the registrar's 2xx has gone out, the box of each live contact is woken. */
  readonly onRegister: Middleware;
  /** A REGISTER that another process has taken, which serves as one with this one. */
  readonly registered: (registration: Registration) => void;
  /** For MESSAGE: stores it (202) when its recipient has no binding or mail already waits; else hands on. */
  readonly onMessage: Middleware;
  /** For MESSAGE: sends it to all bindings of the recipient; 200 when one takes it, else `next(error)`. */
  readonly onLive: Middleware;
  /** For MESSAGE: the failure route. After `next(error)` with a SIP status it stores (202) or passes the error on. */
  readonly onFailure: Middleware;
  /** A program sends a message: live to the devices that are registered, else into the box. */
  readonly submit: Submit;
  /** Stores a MESSAGE without answering it (msilo's `m_store`). Never throws. */
  readonly store: (req: unknown, over?: StoreOverrides) => Promise<StoreResult>;
  /** Wakes the box of an AoR (msilo's `m_dump`); with `limit` at most so many messages are delivered (its `maxmsg`). */
  readonly dump: (aor: string, options?: { readonly limit?: number }) => void;
  /** Messages that wait for their time. */
  readonly reminders: Reminders;
  /** A device took this MESSAGE after all, after `store` had been called for it: the stored copy is ended. */
  readonly delivered: (key: string) => Promise<boolean>;
  /** Messages that could not be delivered. */
  readonly deadLetters: DeadLetters;
  readonly events: SiloEmitter;
  /** What this process has done since its start. */
  readonly statistics: () => Statistics;
  /** Is it well? */
  readonly health: () => Promise<Health>;
  /** Reads which boxes have mail and starts the clock. Call it once, before or after connecting. */
  readonly start: () => Promise<void>;
  /** Stops gracefully: nothing new is sent, what is in flight is waited for. The store stays open. */
  readonly close: () => Promise<void>;
}

/**
 * @example
 * const silo = createSilo({ srf, store });
 * srf.use('register', silo.onRegister);
 * srf.use('message', silo.onMessage);
 * srf.use('message', silo.onLive);
 * srf.use('message', silo.onFailure);
 * await silo.start();
 */
export function createSilo(dependencies: SiloDependencies, options: SiloOptions = {}): Silo {
  const settings: SiloSettings = checkOptions(siloOptions, options);
  const { store, now = epochSeconds } = dependencies;
  const port = dependencies.port ?? createPort(dependencies.srf);
  const seen = observedBindings(now);
  const bindings = dependencies.bindings ?? seen;
  const unreachable = new UnreachableDevices(now);
  const shared = { boxes: createBoxes(), inFlight: createInFlight(), events: createEvents() };
  const context: SiloContext = { store, port, bindings, settings, now, unreachable, ...shared };
  const node =
    dependencies.node ?? createNode({ store, port }, { node: settings.node, leaseTime: settings.leaseTime });
  const parts = partsOf(context, `${node.name}/${node.run}`, dependencies.mayStore);
  const { acceptor, late, lanes, sweep, races, wake, overload, quarantine } = parts;
  const underWay = createUnderWay(port);
  const counting = new BoxCounting({ ...context, rest: settings.tailTime * 1000 });
  const operations = createOperations({
    ...context,
    counting,
    wake,
    found: (box) => context.boxes.add(box),
    nodes: node.all,
    forget: node.forget,
    live: { owner: `${node.name}/${node.run}`, server: () => port.server(), unreachable },
  });
  if (dependencies.port === undefined) node.onForget(port.forget);
  node.onForget((aor) => context.events.emit('forget', { aor }));
  context.events.on('forget', ({ aor }) => {
    context.boxes.foundEmpty(aor, context.boxes.mark());
    unreachable.forget(aor);
    seen.forget(aor);
  });
  const receiving = { ...context, acceptor, races, wasDelivered: late.happened, wake };
  const { mayAsk = () => undefined, serves = () => true } = dependencies;
  const submitter = createSubmit({ ...receiving, late, node, mayAsk, serves });
  return {
    ...operations,
    onRegister: port.middleware(
      'siloOnRegister',
      onRegister({
        ...context,
        observed: bindings === seen ? seen : undefined,
        known: createKnownDevices(context),
        races,
        devicesChanged: (box) => lanes.devicesChanged(box),
        wake,
      }),
    ),
    registered: (registration) =>
      registeredElsewhere(
        { ...context, races, devicesChanged: (box) => lanes.devicesChanged(box), wake },
        registration,
      ),
    onMessage: port.middleware('siloOnMessage', onMessage({ ...receiving, underWay })),
    onLive: port.middleware('siloOnLive', onLive({ ...context, late, underWay })),
    onFailure: port.failureMiddleware('siloOnFailure', onFailure({ port, acceptor, now })),
    submit: submitter.submit,
    store: (req, over) => acceptor.store(req as SipRequest, over),
    dump: (aor, { limit } = {}) => lanes.wake(aorOf(asUri(aor), settings) ?? aor, 'register', limit),
    reminders: createReminders(context),
    delivered: late.deliver,
    deadLetters: createDeadLetters({ ...context, wake }),
    events: context.events,
    statistics: createStatistics(context.events, () => lanes.active, now),
    health: () =>
      healthOf({ store, port }, overload.reason() ?? '', unreachable.warnings(), quarantine.sentence),
    start: async () => {
      if (node !== dependencies.node) await node.start();
      await quarantine.start();
      await sweep.start();
      counting.start();
    },
    close: async () => {
      await Promise.all([sweep.close(), submitter.close(settings.stopGrace), quarantine.close()]);
      await lanes.close(settings.stopGrace);
      await counting.close();
      if (node !== dependencies.node) await node.close();
      parts.close();
    },
  };
}

/** The parts that work behind the middlewares, and what they hear of each other. */
function partsOf(context: SiloContext, owner: string, mayStore: MayStore | undefined) {
  const overload = createOverload(context.settings, context.port);
  const rateLimit = createRateLimit(context.settings);
  const acceptor = createAcceptor({ ...context, overload, mayStore });
  const late = createLateDelivery({ ...context, acceptor });
  const { store, settings, now } = context;
  const quarantine = new Quarantine({ store, begin: settings.quarantine, now });
  const lanes = new Lanes({
    ...context,
    owner,
    quarantine,
    rateLimit,
    breaker: createCircuitBreaker(),
    hasEnded: late.happened,
    lateDelivery: late.deliver,
  });
  const wake: WakeBox = (box, why) => lanes.wake(box, why);
  const sweep = createSweep({ ...context, owner, wake });
  quarantine.onEnd(() => void sweep.wakeAll().catch((error: unknown) => log.error(textOf(error))));
  const noteSender = createNoteSender({ ...context, quarantine });
  const notices = createOfflineNotices({ ...context, noteSender });
  const imdn = createImdn({ ...context, noteSender, acceptor, wake });
  acceptor.onStored((stored) => {
    sweep.stored(stored.message, stored.id);
    notices.stored(stored);
    imdn.stored(stored.message);
  });
  // The messages behind it may have waited for it.
  late.onDelivered((box) => wake(box, 'accept'));
  const close = () => {
    rateLimit.close();
    overload.close();
  };
  return {
    acceptor,
    late,
    lanes,
    sweep,
    races: createRegistrationRaces(),
    wake,
    overload,
    quarantine,
    close,
  };
}
