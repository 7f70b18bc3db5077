/**
 * NOTIFY without a subscription, for phones that never subscribe: after registration and on change. No RFC has it (RFC
 * 6665 knows subscriptions only), many phones want it. A device that refuses is left alone until its software changes; one
 * that subscribes gets no copies.
 */
import { BoundedMap, forgetKeys } from '../../base/bounded-map.ts';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { ownText, ownTexts } from '../../base/own-text.ts';
import { bindingsOf, type Binding } from '../../sip/read/binding.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import { localAnswer } from '../../sip/drachtio/local-answer.ts';
import { requestAlong } from '../../sip/drachtio/outgoing.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { Unreachable, wayTo } from '../../sip/drachtio/way.ts';
import type { Registration } from '../../sip/read/registration.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import { MEDIA_TYPE, PACKAGE } from '../request/event-package.ts';
import { deviceKey, deviceOfBinding, watches } from './device.ts';
import { Notifier, type NotifyContent } from './notifier.ts';
import type { MwiSettings } from '../request/options.ts';
import type { LastNotify, MailboxWatcher } from '../state/mailboxes.ts';
import type { Summaries } from '../state/summaries.ts';
import type { ServedSubscriptions } from './served.ts';

const log = logger('mwi:unsolicited');
/** It does not want this, rather than being away. */
const REFUSING = new Set([405, 481, 489, 501]);
const MAX_REFUSED = 100_000;
/** Seconds after which the mailbox is marked as watched again. */
const MARK_AGAIN = 3600;

interface Refused {
  readonly mailbox: string;
  readonly software: string;
}

/** A registered device that is told. */
interface UnsolicitedDevice {
  binding: Binding;
  /** Our Contact towards it. */
  readonly contact: string;
  readonly notifier: Notifier;
  /** When its mailbox was last marked as watched. */
  marked: number;
  last: LastNotify | undefined;
}

export interface UnsolicitedContext {
  readonly notified: (mailbox: string, answer: Answer, took: number | undefined) => void;
  readonly port: Port;
  readonly store: MwiStore;
  readonly served: ServedSubscriptions;
  readonly summaries: Summaries;
  readonly settings: MwiSettings;
  readonly now: () => number;
}

export interface Unsolicited {
  /** This has been registered; our Contact towards the device. */
  registered(registration: Registration, contact: string): void;
  changed(mailbox: string): void;
  /** The devices that are told of a mailbox. */
  of(mailbox: string): readonly MailboxWatcher[];
  /** A device has subscribed. */
  subscribed(mailbox: string, subscription: Subscription): void;
  /** Nobody is told of this mailbox any more, nor is it remembered who wanted that. */
  forget(mailbox: string): void;
  close(): void;
}

export function createUnsolicited(context: UnsolicitedContext): Unsolicited {
  const { port, store, served, summaries, settings, now } = context;
  const form = settings.unsolicited;
  /** By mailbox, then by what tells devices apart. */
  const devices = new Map<string, Map<string, UnsolicitedDevice>>();
  /** What tells a device apart -> its mailbox, and its software when it refused. */
  const refused = new BoundedMap<string, Refused>(MAX_REFUSED, 'unsolicited-refused');

  function drop(mailbox: string, key: string): void {
    const found = devices.get(mailbox);
    found?.get(key)?.notifier.stop();
    found?.delete(key);
    if (found?.size === 0) devices.delete(mailbox);
  }

  function registered(registration: Registration, contact: string): void {
    if (form === 'off') return;
    const { aor } = registration;
    if (registration.kind === 'clear') for (const key of devices.get(aor)?.keys() ?? []) drop(aor, key);
    for (const binding of bindingsOf(registration, now())) {
      const key = deviceKey(deviceOfBinding(binding));
      if (binding.expires <= now()) drop(aor, key);
      else if (wanted(binding, key)) put(binding, key, contact);
    }
  }

  function wanted(binding: Binding, key: string): boolean {
    const { aor, userAgent } = binding;
    if (served.of(aor).some(({ row }) => watches(row, deviceOfBinding(binding)))) return false;
    const software = refused.get(key)?.software;
    if (software !== undefined && software !== userAgent) refused.delete(key);
    return software !== userAgent;
  }

  function put(given: Binding, key: string, contact: string): void {
    const binding = ownTexts(given);
    const known = devices.get(binding.aor)?.get(key);
    const device = known ?? newDevice(binding, key, contact);
    // A refresh tells nothing new; a phone that has started anew has forgotten what it was told.
    const fresh = known?.binding.callId !== binding.callId;
    device.binding = binding;
    if (device.marked + MARK_AGAIN <= now()) {
      device.marked = now();
      store
        .watchMailbox(binding.aor, now())
        .catch((error: unknown) => log.warn(`a mailbox is not watched: ${textOf(error)}`));
    }
    if (fresh) device.notifier.subscribed();
    else device.notifier.reachable();
  }

  function newDevice(binding: Binding, key: string, contact: string): UnsolicitedDevice {
    const mailbox = binding.aor;
    const device: UnsolicitedDevice = {
      binding,
      contact: ownText(contact),
      marked: -Infinity,
      last: undefined,
      notifier: new Notifier({
        read: async () => (await summaries.read(mailbox)).plain,
        send: async (content) => {
          const answer = await send(device, content);
          device.last = { at: now(), text: content.text, status: answer.status, reason: answer.reason };
          return answer;
        },
        onGone: ({ status }) => {
          if (REFUSING.has(status)) refused.set(key, { mailbox, software: device.binding.userAgent });
          drop(mailbox, key);
        },
        onEnded: () => undefined,
        onAnswer: (answer, took) => context.notified(mailbox, answer, took),
        interval: settings.notifyInterval,
      }),
    };
    const found = devices.get(mailbox);
    if (found) found.set(key, device);
    else devices.set(mailbox, new Map([[key, device]]));
    return device;
  }

  async function send(
    { binding, contact }: UnsolicitedDevice,
    { text = '' }: NotifyContent,
  ): Promise<Answer> {
    const way = wayTo(binding);
    const left = Math.max(binding.expires - now(), 0);
    if (way instanceof Unreachable) return localAnswer('target', way.reason);
    const request = requestAlong(way, {
      method: 'NOTIFY',
      from: `<sip:${binding.aor}>`,
      to: `<sip:${binding.aor}>`,
      headers: {
        Event: PACKAGE,
        'Subscription-State': form === 'active' ? `active;expires=${left}` : 'terminated;reason=noresource',
        Contact: contact,
        'Content-Type': MEDIA_TYPE,
      },
      body: Buffer.from(text),
    });
    return port.send(request);
  }

  return {
    registered,
    changed: (mailbox) => {
      for (const [key, device] of devices.get(mailbox) ?? [])
        if (device.binding.expires <= now()) drop(mailbox, key);
        else device.notifier.changed();
    },
    of: (mailbox) =>
      [...(devices.get(mailbox) ?? [])]
        .filter(([, { binding }]) => binding.expires > now())
        .map(([id, { binding, notifier, last }]) => ({
          ...unsolicitedWatcher(id, binding),
          node: settings.node,
          state: notifier.state,
          ...(last ? { lastNotify: last } : {}),
        })),
    subscribed: (mailbox, subscription) => {
      for (const [key, { binding }] of devices.get(mailbox) ?? [])
        if (watches(subscription, deviceOfBinding(binding))) drop(mailbox, key);
    },
    forget: (mailbox) => {
      for (const key of devices.get(mailbox)?.keys() ?? []) drop(mailbox, key);
      forgetKeys(refused, (key) => refused.get(key)?.mailbox === mailbox);
    },
    close: () => {
      for (const ofMailbox of devices.values())
        for (const { notifier } of ofMailbox.values()) notifier.stop();
    },
  };
}

/** As it is known from its registration alone. */
function unsolicitedWatcher(id: string, binding: Binding): MailboxWatcher {
  const { aor, contact, callId, expires } = binding;
  return { kind: 'unsolicited', id, watcher: `sip:${aor}`, contact, callId, expires, node: '' };
}

/** The devices that some node tells without a subscription, by their registrations and the subscriptions of the mailbox. */
export function unsolicitedWatchers(
  bindings: readonly Binding[],
  rows: readonly Subscription[],
): readonly MailboxWatcher[] {
  return bindings
    .filter((binding) => !rows.some((row) => watches(row, deviceOfBinding(binding))))
    .map((binding) => unsolicitedWatcher(deviceKey(deviceOfBinding(binding)), binding));
}
