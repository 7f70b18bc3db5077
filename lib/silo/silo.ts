/** The silo: messages that wait. Puts its parts together and offers them as middlewares. */
import { textOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { createNode, type NodeState, type SiloNode } from '../node/node.ts';
import { checkOptions } from '../options/check.ts';
import { causeOf } from '../sip/read/cause.ts';
import { header } from '../sip/read/headers.ts';
import { parseNameAddr } from '../sip/read/name-addr.ts';
import type { Next, SipRequest, SipResponse } from '../sip/drachtio/messages.ts';
import { createPort, type Middleware, type Port, type Srf } from '../sip/drachtio/port.ts';
import { readRegistration, type Registration } from '../sip/read/registration.ts';
import type { Store } from '../stores/contract/store.ts';
import { createAcceptor, type StoreResult } from './receive/accept.ts';
import { createRegistrationRaces } from './receive/registration-race.ts';
import { observedBindings, type BindingSource } from './state/bindings.ts';
import { createKnownDevices } from './deliver/known-devices.ts';
import { createBoxes } from './state/boxes.ts';
import { createCircuitBreaker } from './pace/circuit-breaker.ts';
import { createSweep } from './deliver/sweep.ts';
import { keyOf, sendAtOf, whyNotStored, type StoreOverrides } from './receive/message-of-request.ts';
import { createNoteSender } from './report/send-once.ts';
import { createDeadLetters, type DeadLetters } from './manage/dead-letters.ts';
import { createEvents, type SiloEmitter } from './state/events.ts';
import { createInFlight } from './state/in-flight.ts';
import { createImdn } from './report/imdn.ts';
import { createLanes } from './deliver/lanes.ts';
import { LiveFailure, deliverLive } from './deliver/live.ts';
import { createRecentSet } from './state/recent-set.ts';
import { createOfflineNotices } from './report/offline-notice.ts';
import { siloOptions, type SiloOptions, type SiloSettings } from './state/options.ts';
import { backoff, storable } from './state/outcome.ts';
import { createOverload } from './receive/overload.ts';
import { recipientOf, served } from '../sip/read/recipient.ts';
import { aorOf } from '../sip/read/uri.ts';
import { createRateLimit } from './pace/rate-limit.ts';
import { createReminders, type Reminders } from './manage/reminders.ts';
import { sendTimeOf } from './receive/send-at.ts';
import { createStatistics, healthOf, type Health, type Statistics } from './state/statistics.ts';

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
  /** Clock in epoch seconds. */
  readonly now?: () => number;
}

export interface Silo {
  /** For REGISTER: never answers; after the registrar's 2xx has gone out, the box of each live contact is woken. */
  readonly onRegister: Middleware;
  /** For MESSAGE: stores it (202) when its recipient has no binding or mail already waits; else hands on. */
  readonly onMessage: Middleware;
  /** For MESSAGE: sends it to all bindings of the recipient; 200 when one takes it, else `next(error)`. */
  readonly onLive: Middleware;
  /** For MESSAGE: the failure route. After `next(error)` with a SIP status it stores (202) or passes the error on. */
  readonly onFailure: Middleware;
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
  /** The nodes of this database, and which of them live. */
  readonly nodes: () => Promise<readonly NodeState[]>;
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
  const settings = checkOptions(siloOptions, options);
  const { srf, store } = dependencies;
  const now = dependencies.now ?? (() => Math.floor(Date.now() / 1000));
  const port = dependencies.port ?? createPort(srf);
  const observed = dependencies.bindings ? undefined : observedBindings(now);
  const bindings = dependencies.bindings ?? observed ?? observedBindings(now);
  const boxes = createBoxes();
  const flights = createInFlight();
  const events = createEvents();
  const pace = createRateLimit(settings);
  const breaker = createCircuitBreaker();
  const overload = createOverload(settings);
  const ended = createRecentSet<string>();
  const own = createRecentSet<number>();
  const arrivals = createRegistrationRaces();
  events.on('ended', ({ key, outcome }) => {
    if (outcome === 'delivered') ended.add(key);
  });

  const { leaseTime } = settings;
  const node = dependencies.node ?? createNode({ store, port }, { node: settings.node, leaseTime });
  const ownsNode = dependencies.node === undefined;
  const owner = `${node.name}/${node.run}`;
  const lanes = createLanes({
    store,
    port,
    bindings,
    boxes,
    flights,
    pace,
    breaker,
    events,
    settings,
    now,
    hasEnded: ended.has,
    lateDelivery: (key) => delivered(key),
    owner,
  });
  const clock = createSweep({ store, bindings, boxes, lanes, events, settings, now, owner, isOwn: own.has });
  const courier = createNoteSender(port, flights, bindings, settings, now);
  const notices = createOfflineNotices(courier, settings, now);
  const imdn = createImdn({
    settings,
    now,
    courier,
    keep: async (message) => {
      await acceptor.keep(message);
      if ((await bindings.find(message.box)).length > 0) lanes.wake(message.box, 'accept');
    },
  });
  events.on('expired', ({ message }) => message && imdn.failed(message));
  events.on('dead', ({ message }) => message && imdn.failed(message));
  const known = createKnownDevices(store, settings, now);
  const acceptor = createAcceptor(store, boxes, events, settings, now, overload, (message, id, req, over) => {
    own.add(id);
    if (message.sendTime > 0) clock.schedule(message.box, message.sendTime);
    if (req && !over.skipNotice) notices.stored(message, id, req);
    imdn.stored(message);
    // A late answer of the live attempt was faster than the store.
    if (ended.has(message.key))
      void delivered(message.key).catch((error: unknown) => log.warn(textOf(error)));
  });

  async function delivered(key: string): Promise<boolean> {
    ended.add(key);
    await acceptor.settled(key);
    const end = { outcome: 'delivered', status: 200, reason: 'late answer of a live attempt' } as const;
    const message = await store.settleByKey(key, end);
    if (message) {
      events.emit('ended', { box: message.box, key, ...end });
      // Those behind it may have waited for it.
      lanes.wake(message.box, 'accept');
    }
    return message !== undefined;
  }

  function answer(res: SipResponse, result: StoreResult): void {
    if ('key' in result) port.respond(res, 202);
    else
      port.respond(res, result.status, {
        reason: result.result === 'unavailable' ? '' : result.reason,
        headers: result.retryAfter === undefined ? {} : { 'Retry-After': String(result.retryAfter) },
      });
  }

  async function onMessage(req: SipRequest, res: SipResponse, next: Next): Promise<void> {
    const box = boxOf(req, settings);
    if (box === undefined) {
      next();
      return;
    }
    // A device that registers from here on finds nothing in the box yet: it is woken when the message is in.
    const arrival = arrivals.watch(box);
    try {
      const live = (await bindings.find(box)).length > 0;
      const every = settings.deliverTo === 'every' && whyNotStored(req, settings) === undefined;
      const sendAt = sendAtOf(req, settings);
      const timed = sendAt !== undefined;
      if (every || timed) {
        // Owed to more than who is there now, or not yet: it goes by way of the box in any case.
        const result = await acceptor.store(req, { skipNotice: live && !timed });
        answer(res, result);
        // One whose time is still to come is the clock's affair.
        const due = !timed || !('key' in result) || sendTimeOf(sendAt, now(), settings) === 0;
        if ('key' in result && due && (live || arrival.happened())) lanes.wake(box, 'accept');
        return;
      }
      // A live message never overtakes what waits, whichever node stored it.
      const behind = live && (boxes.mayHaveMail(box) || (await store.holdsMail(box, now())));
      // A proxy in front has just tried the devices: the same again would only double the message.
      const tried = live && storable(causeOf(req.uri) ?? 0);
      if (live && !behind && !tried) {
        // A sender that never heard our 202 repeats what has been delivered from the box meanwhile.
        if (ended.has(keyOf(req, box))) port.respond(res, 202);
        else next();
        return;
      }
      const result = await acceptor.store(
        req,
        tried ? { nextTime: now() + backoff(1) } : { skipNotice: behind },
      );
      answer(res, result);
      if ('key' in result && (behind || arrival.happened())) lanes.wake(box, behind ? 'accept' : 'register');
    } finally {
      arrival.end();
    }
  }

  async function onLive(req: SipRequest, res: SipResponse, next: Next): Promise<void> {
    const box = boxOf(req, settings);
    if (box === undefined) {
      next();
      return;
    }
    const answerSender = () => {
      // It may not hear the 200 and send its message again.
      ended.add(keyOf(req, box));
      return new Promise<void>((resolve) => port.respond(res, 200, { onSent: () => resolve() }));
    };
    const live = { port, flights, settings, now, answerSender, lateDelivery: delivered };
    try {
      // Whose last device has left since `onMessage` looked has none: that is a failure like any other.
      await deliverLive(live, req, await bindings.find(box));
    } catch (error) {
      // A live failure goes to the failure route; a MESSAGE that can't be sent at all is refused right here.
      if (!(error instanceof LiveFailure)) throw error;
      next(error);
    }
  }

  async function onFailure(error: unknown, req: SipRequest, res: SipResponse, next: Next): Promise<void> {
    const status = statusOf(error);
    if (req.method !== 'MESSAGE' || res.finalResponseSent || !storable(status)) {
      next(error);
      return;
    }
    log.debug(`live delivery failed with ${status} (${textOf(error)}): storing`);
    const elsewhere = error instanceof LiveFailure && !error.triedAll;
    answer(res, await acceptor.store(req, elsewhere ? {} : { nextTime: now() + backoff(1) }));
  }

  function onRegister(req: SipRequest, res: SipResponse, next: Next): void {
    const registration = registrationOf(req, settings);
    if (registration && registration.kind !== 'query')
      res.once('end', ({ status }) => {
        if (status >= 200 && status < 300) afterRegistration(registration);
      });
    next();
  }

  function afterRegistration(registration: Registration): void {
    const { aor } = registration;
    observed?.observe(registration);
    lanes.devicesChanged(aor);
    const noted = known.note(registration);
    if (registration.kind !== 'register' || registration.contacts.every((contact) => contact.expires === 0))
      return;
    arrivals.note(aor);
    // After the 2xx is on the wire: its frame was written before ours, and drachtio keeps their order.
    if (boxes.mayHaveMail(aor))
      setTimeout(() => void noted.then(() => lanes.wake(aor, 'register')), settings.dumpDelay).unref();
  }

  return {
    onRegister: port.middleware('siloOnRegister', onRegister),
    onMessage: port.middleware('siloOnMessage', onMessage),
    onLive: port.middleware('siloOnLive', onLive),
    onFailure: port.failureMiddleware('siloOnFailure', onFailure),
    store: (req, over) => acceptor.store(req as SipRequest, over),
    dump: (aor, { limit } = {}) => {
      const box = aorOf(/^(sips?|tel):/i.test(aor) ? aor : `sip:${aor}`, settings) ?? aor;
      if (limit !== undefined) lanes.limit(box, limit);
      lanes.wake(box, 'register');
    },
    reminders: createReminders(store, events, now),
    delivered,
    deadLetters: createDeadLetters(store, boxes, lanes, events, settings.expireTime, now),
    events,
    statistics: createStatistics(events, () => lanes.active),
    health: () => healthOf(store, port),
    nodes: node.all,
    start: async () => {
      if (ownsNode) await node.start();
      await clock.start();
    },
    close: async () => {
      await clock.close();
      await lanes.close(settings.stopGrace);
      if (ownsNode) await node.close();
      pace.close();
      overload.close();
    },
  };
}

/** The box of an out-of-dialog MESSAGE that we are responsible for. */
function boxOf(req: SipRequest, settings: SiloSettings): string | undefined {
  if (req.method !== 'MESSAGE') return undefined;
  if (parseNameAddr(header(req, 'To') ?? '')?.params.has('tag')) return undefined;
  const box = recipientOf(req, settings);
  return box !== undefined && served(box, settings.domains) ? box : undefined;
}

/** What the REGISTER says; undefined when it can't be read (the registrar will say so). */
function registrationOf(req: SipRequest, settings: SiloSettings): Registration | undefined {
  if (req.method !== 'REGISTER') return undefined;
  try {
    return readRegistration(req, settings);
  } catch (error) {
    log.debug(`a REGISTER can't be read: ${textOf(error)}`);
    return undefined;
  }
}

/** The SIP status that an error stands for; without one it is a fault of ours, and the message is worth keeping. */
function statusOf(error: unknown): number {
  const status =
    typeof error === 'object' && error !== null && 'status' in error ? Number(error.status) : NaN;
  return status >= 300 && status <= 699 ? status : 500;
}
