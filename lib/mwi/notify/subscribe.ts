/**
 * SUBSCRIBE for message-summary: the notifier's side of RFC 6665, section 4.2.1, without dialog objects.
 *
 *              200, NOTIFY                  200, NOTIFY                      NOTIFY terminated
 *   (nothing) ────────────► active ◄──refresh──────┐ ──────────────────────────────────────► (nothing)
 *       │                     └────────────────────┘   Expires: 0, time over, refused NOTIFY, replaced, node stops
 *       └── fetch (Expires: 0): 200, NOTIFY terminated
 */
import { randomBytes } from 'node:crypto';
import { accepts } from '../../sip/read/event.ts';
import type { Next, SipRequest, SipResponse } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import type { Access } from '../request/access.ts';
import { ALLOW_EVENTS, MEDIA_TYPE, lifetimeOf, ourEvent } from '../request/event-package.ts';
import type { MwiSettings } from '../request/options.ts';
import type { SubscriptionService } from './subscription-service.ts';
import { dialogOf, placeOf, subscriptionOf, type Dialog, type Facts } from './subscription.ts';
import { dialogIdOf, type Watcher, type Watchers } from './watchers.ts';

export interface SubscribeDependencies {
  readonly port: Port;
  readonly store: MwiStore;
  readonly access: Access;
  readonly watchers: Watchers;
  readonly service: SubscriptionService;
  readonly settings: MwiSettings;
  readonly now: () => number;
  /** Name of this process among the runs of this node. */
  readonly run: string;
  /** A device watches this mailbox from now on. */
  readonly subscribed: (mailbox: string, device: string) => void;
}

export function createSubscriber(dependencies: SubscribeDependencies) {
  const { port, store, access, watchers, service, settings, now, run } = dependencies;
  /** Dialogs whose first SUBSCRIBE is being served. */
  const beginning = new Set<string>();
  const limits = {
    min: settings.minSubscription,
    max: settings.maxSubscription,
    fallback: settings.defaultSubscription,
  };

  function answer(res: SipResponse, lifetime: number, subscription: Subscription, tagged: boolean) {
    return new Promise<boolean>((resolve) => {
      port.respond(res, 200, {
        headers: {
          Expires: String(lifetime),
          Contact: subscription.contact,
          ...ALLOW_EVENTS,
        },
        // Ours, so that the row can be committed before the answer.
        ...(tagged ? {} : { toTag: subscription.localTag }),
        onSent: resolve,
      });
    });
  }

  function brief(res: SipResponse): void {
    port.respond(res, 423, { headers: { 'Min-Expires': String(limits.min) } });
  }

  function newSubscription(
    req: SipRequest,
    dialog: Dialog,
    facts: Omit<Facts, 'node' | 'run'>,
  ): Subscription {
    return subscriptionOf(req, dialog, { ...facts, node: settings.node, run }, now());
  }

  async function onSubscribe(req: SipRequest, res: SipResponse, next: Next): Promise<void> {
    if (req.method !== 'SUBSCRIBE') {
      next();
      return;
    }
    const event = ourEvent(port, req, res, settings.otherEvents);
    if (event === 'other') next();
    if (typeof event === 'string') return;
    if (!accepts(req, MEDIA_TYPE)) {
      port.respond(res, 406, { headers: { Accept: MEDIA_TYPE } });
      return;
    }
    const dialog = dialogOf(req);
    if (dialog.localTag !== '') await inDialog(req, res, dialog, event.id);
    else await begin(req, res, dialog, event.id);
  }

  async function begin(req: SipRequest, res: SipResponse, dialog: Dialog, eventId: string): Promise<void> {
    const { aor, aliased } = await access.find(req);
    await access.maySubscribe(req, aor);
    const lifetime = lifetimeOf(req, limits);
    if (lifetime === 'brief') {
      brief(res);
      return;
    }
    const name = dialogIdOf(dialog.callId, dialog.remoteTag);
    // RFC 3261 8.2.2.2: the same request over two ways.
    const known = watchers.inDialog(dialog.callId, dialog.remoteTag);
    if (beginning.has(name) || known.some(({ subscription }) => subscription.remoteCseq >= dialog.cseq)) {
      port.respond(res, 482);
      return;
    }
    // A phone that has lost its dialog but not its Call-ID: the old one ends first, since the two look alike.
    const [old] = known;
    if (old) {
      if (!old.ending) service.end(old, 'noresource');
      port.respond(res, 503, { headers: { 'Retry-After': '1' } });
      return;
    }
    beginning.add(name);
    try {
      const subscription = newSubscription(req, dialog, {
        mailbox: aor,
        aliased,
        eventId,
        lifetime,
        localTag: randomBytes(8).toString('hex'),
      });
      await serve(res, subscription, lifetime, false);
    } finally {
      beginning.delete(name);
    }
  }

  async function serve(
    res: SipResponse,
    subscription: Subscription,
    lifetime: number,
    tagged: boolean,
  ): Promise<void> {
    const watcher = service.watcher(subscription);
    if (lifetime === 0) {
      // A fetch (RFC 6665, section 4.4.3): nothing is stored, one NOTIFY tells the state, which must be there to tell.
      await service.check(subscription.mailbox);
      if (await answer(res, 0, subscription, tagged)) service.end(watcher, 'timeout');
      return;
    }
    // Stored before it is answered: a 2xx is a promise.
    const replaced = await store.subscribe(subscription);
    watchers.add(watcher);
    if (!(await answer(res, lifetime, subscription, tagged))) {
      watchers.remove(watcher);
      await store.unsubscribe([subscription.id]);
      return;
    }
    watcher.notifier.subscribed();
    dependencies.subscribed(subscription.mailbox, subscription.device);
    for (const row of replaced) {
      // It came back because it has just been sent away: no second good-bye.
      if (service.hasLeft(row.id)) continue;
      // One of an earlier run of this node has no watcher; its dialog at drachtio-server must end all the same.
      const old = watchers.get(row.id) ?? (row.node === settings.node ? service.watcher(row) : undefined);
      // No reason that makes a phone come back: it would replace its own new subscription.
      if (old && !old.ending) service.end(old, 'noresource');
    }
  }

  async function inDialog(req: SipRequest, res: SipResponse, dialog: Dialog, eventId: string): Promise<void> {
    const known = watchers
      .inDialog(dialog.callId, dialog.remoteTag)
      .filter(({ subscription, ending }) => subscription.localTag === dialog.localTag && !ending);
    const [first] = known;
    // Without the server's dialog id the server was restarted: a new subscription heals that, a patched one would
    // send NOTIFYs with falling CSeq.
    if (first === undefined || (req.stackDialogId ?? '') === '') {
      port.respond(res, 481);
      return;
    }
    const { mailbox } = first.subscription;
    // RFC 3261 12.2.2.
    if (dialog.cseq <= Math.max(...known.map(({ subscription }) => subscription.remoteCseq))) {
      port.respond(res, 500, { reason: 'CSeq is not above the last one' });
      return;
    }
    await access.maySubscribe(req, mailbox);
    const lifetime = lifetimeOf(req, limits);
    const watcher = known.find(({ subscription }) => subscription.eventId === eventId);
    if (lifetime === 'brief') brief(res);
    else if (watcher) await refresh(req, res, dialog, watcher, lifetime);
    else if (lifetime === 0) port.respond(res, 481);
    else {
      const { localTag, contact, aliased, routes } = first.subscription;
      const facts = { mailbox, aliased, eventId, lifetime, localTag, contact };
      const { moved, ...place } = placeOf(req, first.subscription);
      if (moved) await moveOthers(known, place);
      // The route set and the way to the phone are the dialog's (RFC 3261 12.2.1.1).
      await serve(res, { ...newSubscription(req, dialog, facts), routes, moved }, lifetime, true);
    }
  }

  /** The subscriptions of one dialog move together, also for whoever reads their rows after us. */
  async function moveOthers(
    others: readonly Watcher[],
    place: Pick<Subscription, 'target' | 'source'>,
  ): Promise<void> {
    for (const other of others) {
      other.subscription = { ...other.subscription, ...place, moved: true };
      await store.refreshSubscription(other.subscription.id, other.subscription);
    }
  }

  async function refresh(
    req: SipRequest,
    res: SipResponse,
    dialog: Dialog,
    watcher: Watcher,
    lifetime: number,
  ): Promise<void> {
    const { subscription } = watcher;
    const time = now();
    // At once, so that an older SUBSCRIBE that is on its way can't undo it.
    watcher.subscription = { ...subscription, remoteCseq: dialog.cseq };
    if (lifetime === 0) {
      await store.unsubscribe([subscription.id]);
      await answer(res, 0, subscription, true);
      service.end(watcher, 'timeout');
      return;
    }
    const { moved, ...place } = placeOf(req, subscription);
    const changed = {
      ...place,
      moved,
      remoteCseq: dialog.cseq,
      localCseq: Math.max(watcher.cseq, subscription.localCseq),
      expires: time + lifetime,
      updated: time,
    };
    if (!(await store.refreshSubscription(subscription.id, changed))) {
      // Another node has replaced it.
      port.respond(res, 481);
      service.end(watcher, 'noresource');
      return;
    }
    watcher.subscription = { ...subscription, ...changed };
    // The others of this dialog have moved with it.
    if (changed.moved) {
      const others = watchers.inDialog(dialog.callId, dialog.remoteTag);
      await moveOthers(
        others.filter((other) => other !== watcher),
        place,
      );
    }
    await answer(res, lifetime, subscription, true);
    watcher.notifier.subscribed();
  }

  return onSubscribe;
}
