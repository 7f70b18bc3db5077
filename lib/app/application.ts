/** The application: a registrar, the silo and the lamps behind one drachtio-server. `app.ts` starts it, and so do the tests. */
import { createAdmin, type Admin, type Whole } from '../admin/admin.ts';
import { createReadiness, type Phase, type Readiness } from '../admin/health/readiness.ts';
import type { AdminOptions } from '../admin/options.ts';
import type { Auth } from '../auth/auth.ts';
import type { Limits } from '../auth/limits/limits.ts';
import type { LimitsOptions } from '../auth/limits/options.ts';
import { publishersBeside, publisherServers } from '../auth/lamp-rules.ts';
import { authOptions, type AuthOptions } from '../auth/options.ts';
import { createTrust } from '../auth/trust/trust.ts';
import { trustOptions, type TrustOptions } from '../auth/trust/options.ts';
import { epochSeconds } from '../base/clock.ts';
import type { Config } from '../config/config.ts';
import { startFrontEnd, type FrontEnd } from '../embedded/front-end.ts';
import { createMwi, type Mwi } from '../mwi/mwi.ts';
import { mwiOptions, type MwiOptions } from '../mwi/request/options.ts';
import { createNode, type SiloNode } from '../node/node.ts';
import { checkOptions } from '../options/check.ts';
import type { RegistrarOptions } from '../registrar/options.ts';
import { createRegistrar, type Registrar } from '../registrar/registrar.ts';
import { createSilo, type Silo } from '../silo/silo.ts';
import { siloOptions, type SiloOptions } from '../silo/state/options.ts';
import { connectSrf, createSrf, disconnectSrf, securedBy } from '../sip/drachtio/connect.ts';
import { createPort, type Middleware, type Port, type Srf } from '../sip/drachtio/port.ts';
import { registrationParser } from '../sip/drachtio/registration-parser.ts';
import type { Registration } from '../sip/read/registration.ts';
import type { Store } from '../stores/contract/store.ts';
import { openStore } from '../stores/open.ts';
import { createGuard } from './guard.ts';
import { shareRegistrations } from './share-registrations.ts';
import { answerOptions, refuseMethod, UNSERVED_METHODS } from './methods.ts';
import { createGate, refuse, unserved } from './middlewares.ts';

/** What the application is put together from. */
export interface Parts {
  readonly srf: Srf;
  readonly port: Port;
  readonly store: Store;
  readonly node: SiloNode;
  readonly auth: Auth;
  readonly registrar: Registrar;
  readonly silo: Silo;
  readonly mwi: Mwi;
  readonly limits: Limits;
  /** Would a MESSAGE be taken now? */
  readonly readiness: () => Promise<Readiness>;
  /** Health, metrics, API and page. */
  readonly admin: Admin;
}

export interface Application extends Parts {
  /** SIP addresses, as the drachtio-server names them. */
  readonly addresses: readonly string[];
  /** Where HTTP is listened for; undefined: nowhere. */
  readonly http: string | undefined;
  /** The embedded front end that was started with it. */
  readonly front: FrontEnd | undefined;
  /** Ends what was started here, gracefully; a second call waits for the first. */
  readonly stop: () => Promise<void>;
}

/** What one of several processes is asked by the others, and told. */
export interface Own {
  readonly readiness: () => Promise<Readiness>;
  /** One of the others has taken this REGISTER. */
  readonly registered: (registration: Registration) => void;
}

/** What differs from the usual application. */
export interface Wishes {
  /** Clock in epoch seconds. */
  readonly now?: () => number;
  /** An open store; it stays open. */
  readonly store?: Store;
  /** A front end that is there already; it stays there. */
  readonly front?: Pick<FrontEnd, 'adminHost' | 'adminPort'>;
  /** Options above the configured ones, also such as only code can give. */
  readonly silo?: SiloOptions;
  readonly mwi?: MwiOptions;
  readonly registrar?: RegistrarOptions;
  readonly trust?: TrustOptions;
  readonly auth?: AuthOptions;
  /** Says who asks, in place of passwords and trust. */
  readonly authenticate?: (port: Port) => Middleware;
  readonly limits?: LimitsOptions;
  readonly admin?: AdminOptions;
  /** This is one of several processes that serve as one: it says how it is, and is given what all say together. */
  readonly asOneOf?: (own: Own) => Whole & { readonly registered: (registration: Registration) => void };
  /** Registers middlewares in place of the usual ones. */
  readonly middlewares?: (parts: Parts) => void;
  /** Called once connected, before anything is sent: from here on the application can be stopped. */
  readonly onConnected?: (stop: () => Promise<void>) => void;
}

/**
 * Starts the application and resolves when it serves.
 *
 * @example
 * const application = await startApplication(readConfig(process.env));
 * await application.stop();
 */
export async function startApplication(config: Config, wishes: Wishes = {}): Promise<Application> {
  const now = wishes.now ?? epochSeconds;
  const siloSettings = checkOptions(siloOptions, { ...config.silo, ...wishes.silo });
  const { node: name, leaseTime, domains, telDomain } = siloSettings;
  const trustGiven = { ...config.trust, ...wishes.trust };
  const mwiGiven = checkOptions(mwiOptions, { ...config.mwi, ...wishes.mwi });
  const publishers = publishersBeside(mwiGiven.publishers, trustGiven.trust ?? []);
  const mwiSettings = { ...mwiGiven, publishers };
  const trustSettings = checkOptions(trustOptions, {
    ...trustGiven,
    publishers: publisherServers(publishers),
  });
  const authSettings = checkOptions(authOptions, { ...config.auth, ...wishes.auth });
  /** What ends at the end, the last first. */
  const opened: (() => Promise<void> | void)[] = [];
  const closeOpened = async () => {
    for (let close = opened.pop(); close; close = opened.pop()) await close();
  };

  try {
    const store = wishes.store ?? (await openStore(config.store.url, { ...config.store, now }));
    if (!wishes.store) opened.push(() => store.close());
    const embedded = config.drachtio.host === '' && !wishes.front ? await startEmbedded(config) : undefined;
    if (embedded) opened.push(() => embedded.close());
    const front = wishes.front ?? embedded;

    const srf = createSrf();
    const trust = createTrust(trustSettings);
    const port = createPort(srf, { isFree: trust.isFree, maxUnanswered: config.drachtio.maxUnanswered });
    const gate = createGate(port);
    const guard = createGuard(
      { port, store, trust, now },
      {
        domains,
        telDomain,
        open: config.exposure.open,
        drachtio: config.drachtio,
        trusted: trustSettings.trust,
        auth: authSettings,
        authenticate: wishes.authenticate,
        limits: { ...config.limits, ...wishes.limits },
      },
    );
    const { auth, limits } = guard;
    const registrar = createRegistrar({ port, store, now }, { ...config.registrar, ...wishes.registrar });
    const node = createNode({ store, port }, { node: name, leaseTime });
    node.onForget((aor) => {
      for (const memory of [port, auth, limits, registrar]) memory.forget(aor);
    });
    const { mayStore, mayAsk } = limits;
    const { serves } = guard;
    const silo = createSilo(
      { srf, port, store, node, now, bindings: registrar, mayStore, mayAsk, serves },
      siloSettings,
    );
    const knows = (aor: string) => serves(aor) && (mwiSettings.knows?.(aor) ?? true);
    const mwi = createMwi({ srf, port, store, node, now, mayAsk }, { ...mwiSettings, knows });
    silo.events.on('stored', ({ box }) => mwi.changed(box));
    silo.events.on('ended', ({ box }) => mwi.changed(box));

    let phase: Phase = 'starting';
    const readiness = createReadiness(silo.health, () => phase);
    const whole = wishes.asOneOf?.({ readiness, registered: silo.registered });
    const admin = createAdmin(
      { silo, store, mwi, auth, limits, readiness, whole, now },
      { ...config.admin, ...wishes.admin },
    );

    const parts: Parts = { srf, port, store, node, auth, registrar, silo, mwi, limits, readiness, admin };
    srf.use(gate.middleware);
    guard.use(srf);
    if (whole) srf.use('register', shareRegistrations(port, siloSettings, whole.registered));
    (wishes.middlewares ?? useAll)(parts);

    // Whoever asks meanwhile is told what is waited for.
    opened.push(() => admin.close());
    const http = await admin.open();
    opened.push(() => auth.close());
    await auth.start();
    opened.push(() => disconnectSrf(srf));
    const addresses = await connectSrf(srf, {
      host: front?.adminHost ?? config.drachtio.host,
      port: front?.adminPort ?? config.drachtio.port,
      secret: config.drachtio.secret,
      secured: front ? undefined : securedBy(config.drachtio),
    });
    await guard.learn(addresses);
    gate.open();
    phase = 'serving';
    opened.push(async () => {
      phase = 'draining';
      // All at once: one after the other they could take longer than a stop may.
      await Promise.all([gate.close(siloSettings.stopGrace), silo.close(), mwi.close()]);
      await port.drained();
      await node.close();
    });
    let stopping: Promise<void> | undefined;
    const stop = () => (stopping ??= closeOpened());
    wishes.onConnected?.(stop);
    await node.start();
    await silo.start();
    await mwi.start();
    return { ...parts, addresses, http, front: embedded, stop };
  } catch (error) {
    await closeOpened();
    throw error;
  }
}

function startEmbedded(config: Config): Promise<FrontEnd> {
  return startFrontEnd({ ...config.frontEnd, secret: config.drachtio.secret });
}

/** Each method with its handlers, in the order in which they are asked. */
function useAll({ srf, port, registrar, silo, mwi, readiness }: Parts): void {
  srf.use('register', registrationParser());
  srf.use('register', silo.onRegister);
  srf.use('register', mwi.onRegister);
  srf.use('register', registrar.onRegister);
  srf.use('message', silo.onMessage);
  srf.use('message', silo.onLive);
  srf.use('message', unserved(port));
  srf.use('message', silo.onFailure);
  srf.use('message', refuse(port));
  srf.use('subscribe', mwi.onSubscribe);
  srf.use('publish', mwi.onPublish);
  srf.use('options', answerOptions(port, readiness));
  for (const method of UNSERVED_METHODS) srf.use(method, refuseMethod(port));
}
