/** Message-waiting lamps: SUBSCRIBE, PUBLISH and NOTIFY for message-summary (RFC 3842). Puts its parts together. */
import { textOf } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { createNode, type SiloNode } from '../node/node.ts';
import { checkOptions } from '../options/check.ts';
import type { Handler } from '../sip/drachtio/messages.ts';
import { createPort, type Middleware, type Port, type Srf } from '../sip/drachtio/port.ts';
import type { MwiStore } from '../stores/contract/mwi.ts';
import type { NodeStore } from '../stores/contract/nodes.ts';
import { createAccess } from './request/access.ts';
import { createSweep } from './notify/sweep.ts';
import { createDeactivation } from './notify/deactivate.ts';
import { mwiOptions, type MwiOptions, type MwiSettings } from './request/options.ts';
import { createPublisher } from './state/publish.ts';
import { createRegisterer } from './notify/register.ts';
import { createSubscriptionService } from './notify/subscription-service.ts';
import { createSubscriber } from './notify/subscribe.ts';
import { createSummaries } from './state/summaries.ts';
import { createTakeover } from './notify/takeover.ts';
import { createUnsolicited } from './notify/unsolicited.ts';
import { createWatchers } from './notify/watchers.ts';

const log = logger('mwi');
/** Milliseconds after which a mailbox that was not watched before is looked at once more. */
const SECOND_LOOK = 1500;
const RETRY_MS = 5_000;

export interface MwiDependencies {
  readonly srf: Srf;
  readonly store: MwiStore & NodeStore;
  /** The port to drachtio, when the app shares one between features. */
  readonly port?: Port;
  /** This node, when the app shares one between features, and starts and closes it; default: one of its own. */
  readonly node?: SiloNode;
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
  /** The state of a mailbox may have changed, as after the silo's events `stored` and `ended`. */
  readonly changed: (mailbox: string) => void;
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
  const now = dependencies.now ?? (() => Math.floor(Date.now() / 1000));
  const port = dependencies.port ?? createPort(srf);
  const node = dependencies.node ?? createNode({ store, port }, { node: given.node, leaseTime });
  const ownsNode = dependencies.node === undefined;
  const { run } = node;
  const settings: MwiSettings = { ...given, node: node.name };
  const access = createAccess(settings);
  const watchers = createWatchers();
  const summaries = createSummaries(store, settings, now);
  const service = createSubscriptionService({ port, store, watchers, summaries, settings, now });
  const farewell = createDeactivation({ store, watchers, service, settings, run, now });
  const unsolicited = createUnsolicited({ port, store, watchers, summaries, settings, now });
  let closing = false;
  const self = { node: node.name, run };
  node.onGone(createTakeover({ store, port, farewell, self, stopping: () => closing }));

  function changed(mailbox: string): void {
    for (const watcher of watchers.of(mailbox)) watcher.notifier.changed();
    unsolicited.changed(mailbox);
  }

  /** A message that was being stored while nobody watched yet has told nobody. */
  function subscribed(mailbox: string, device: string): void {
    unsolicited.subscribed(mailbox, device);
    setTimeout(() => changed(mailbox), SECOND_LOOK).unref();
  }

  const clock = createSweep({ store, watchers, service, settings, now, changed });
  const common = { port, store, access, settings, now };
  const onSubscribe = createSubscriber({ ...common, watchers, service, run, subscribed });
  const onPublish = createPublisher({ ...common, changed });
  const onRegister = createRegisterer({ watchers, unsolicited, settings });

  // drachtio-server was restarted and knows no dialog, or it answers refreshes with 481 since their app was gone.
  port.onReconnect(() => {
    if (!closing) void farewell.deactivateAll();
  });

  /** Until it has worked: phones of an earlier run would get 481 at their next refresh, and no lamp until then. */
  async function sayToLeft(): Promise<void> {
    try {
      await farewell.deactivatePreviousRun();
    } catch (error) {
      log.warn(`the phones of an earlier run wait: ${textOf(error)}`);
      if (!closing) setTimeout(() => void sayToLeft(), RETRY_MS).unref();
    }
  }

  /** A node that stops takes nothing on: what it answered now would be stranded. */
  function unlessClosing(handler: Handler): Handler {
    return (req, res, next) => {
      if (!closing) return handler(req, res, next);
      port.respond(res, 503, { headers: { 'Retry-After': '5' } });
    };
  }

  return {
    onSubscribe: port.middleware('mwiOnSubscribe', unlessClosing(onSubscribe)),
    onPublish: port.middleware('mwiOnPublish', unlessClosing(onPublish)),
    onRegister: port.middleware('mwiOnRegister', onRegister),
    changed,
    size: () => watchers.size,
    start: async () => {
      if (ownsNode) await node.start();
      await clock.start();
      void sayToLeft();
    },
    close: async () => {
      closing = true;
      await clock.close();
      farewell.stop();
      unsolicited.close();
      const leave = createDeactivation({ store, watchers, service, settings, run, now });
      const limit = new Promise<void>((resolve) => setTimeout(resolve, settings.stopGrace).unref());
      if (port.connected() && watchers.size > 0)
        await Promise.race([leave.deactivateAll().then(() => service.quiet()), limit]);
      leave.stop();
      for (const { notifier } of watchers.all()) notifier.stop();
      if (ownsNode) await node.close();
    },
  };
}
