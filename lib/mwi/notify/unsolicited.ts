/**
 * NOTIFY without a subscription, for phones that never subscribe: after registration and on change. No RFC has it (RFC
 * 6665 knows subscriptions only), many phones want it. A device that refuses is left alone until its software changes; one
 * that subscribes gets no copies.
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { bindingsOf } from '../../sip/read/binding.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import { localAnswer } from '../../sip/drachtio/local-answer.ts';
import { requestAlong } from '../../sip/drachtio/outgoing.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { Unreachable, wayTo } from '../../sip/drachtio/way.ts';
import type { Registration } from '../../sip/read/registration.ts';
import type { Binding } from '../../sip/read/binding.ts';
import type { MwiStore } from '../../stores/contract/mwi.ts';
import { MEDIA_TYPE, PACKAGE } from '../request/event-package.ts';
import { Notifier, type NotifyContent } from './notifier.ts';
import type { MwiSettings } from '../request/options.ts';
import type { Summaries } from '../state/summaries.ts';
import { deviceKey, type Watchers } from './watchers.ts';

const log = logger('mwi:unsolicited');
/** It does not want this, rather than being away. */
const REFUSING = new Set([405, 481, 489, 501]);
const MAX_REFUSED = 100_000;
/** Seconds after which the mailbox is marked as watched again. */
const MARK_AGAIN = 3600;

interface Lamp {
  binding: Binding;
  readonly contact: string;
  readonly notifier: Notifier;
  marked: number;
}

export interface UnsolicitedDependencies {
  readonly port: Port;
  readonly store: MwiStore;
  readonly watchers: Watchers;
  readonly summaries: Summaries;
  readonly settings: MwiSettings;
  readonly now: () => number;
}

export interface Unsolicited {
  /** This has been registered; our Contact towards the device. */
  registered(registration: Registration, contact: string): void;
  changed(mailbox: string): void;
  /** This device has subscribed. */
  subscribed(mailbox: string, device: string): void;
  close(): void;
}

export function createUnsolicited(dependencies: UnsolicitedDependencies): Unsolicited {
  const { port, store, watchers, summaries, settings, now } = dependencies;
  const form = settings.unsolicited;
  /** By mailbox, then by device. */
  const lamps = new Map<string, Map<string, Lamp>>();
  /** Device -> its software when it refused. */
  const refused = new Map<string, string>();

  function drop(mailbox: string, device: string): void {
    const found = lamps.get(mailbox);
    found?.get(device)?.notifier.stop();
    found?.delete(device);
    if (found?.size === 0) lamps.delete(mailbox);
  }

  function registered(registration: Registration, contact: string): void {
    if (form === 'off') return;
    const { aor } = registration;
    if (registration.kind === 'clear') for (const device of lamps.get(aor)?.keys() ?? []) drop(aor, device);
    for (const binding of bindingsOf(registration, now())) {
      const device = deviceKey(binding.instance, binding.contact, binding.source.address);
      if (binding.expires <= now()) drop(aor, device);
      else if (wanted(binding, device)) put(binding, device, contact);
    }
  }

  function wanted({ aor, userAgent }: Binding, device: string): boolean {
    if (watchers.of(aor).some(({ subscription }) => subscription.device === device)) return false;
    const software = refused.get(device);
    if (software !== undefined && software !== userAgent) refused.delete(device);
    return software !== userAgent;
  }

  function put(binding: Binding, device: string, contact: string): void {
    const known = lamps.get(binding.aor)?.get(device);
    const lamp = known ?? newLamp(binding, device, contact);
    // A refresh tells nothing new; a phone that has started anew has forgotten what it was told.
    const fresh = known?.binding.callId !== binding.callId;
    lamp.binding = binding;
    if (lamp.marked + MARK_AGAIN <= now()) {
      lamp.marked = now();
      store
        .watchMailbox(binding.aor, now())
        .catch((error: unknown) => log.warn(`a mailbox is not watched: ${textOf(error)}`));
    }
    if (fresh) lamp.notifier.subscribed();
    else lamp.notifier.reachable();
  }

  function newLamp(binding: Binding, device: string, contact: string): Lamp {
    const mailbox = binding.aor;
    const lamp: Lamp = {
      binding,
      contact,
      marked: -Infinity,
      notifier: new Notifier({
        read: () => summaries.read(mailbox),
        pick: (texts) => texts.plain,
        send: (notice) => send(lamp, notice),
        lost: ({ status }) => {
          if (REFUSING.has(status)) refuse(device, lamp.binding.userAgent);
          drop(mailbox, device);
        },
        over: () => undefined,
        interval: settings.notifyInterval,
      }),
    };
    const found = lamps.get(mailbox);
    if (found) found.set(device, lamp);
    else lamps.set(mailbox, new Map([[device, lamp]]));
    return lamp;
  }

  function refuse(device: string, userAgent: string): void {
    refused.set(device, userAgent);
    const [oldest] = refused.keys();
    if (refused.size > MAX_REFUSED && oldest !== undefined) refused.delete(oldest);
  }

  async function send({ binding, contact }: Lamp, { text = '' }: NotifyContent): Promise<Answer> {
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
      for (const [device, lamp] of lamps.get(mailbox) ?? [])
        if (lamp.binding.expires <= now()) drop(mailbox, device);
        else lamp.notifier.changed();
    },
    subscribed: drop,
    close: () => {
      for (const devices of lamps.values()) for (const { notifier } of devices.values()) notifier.stop();
    },
  };
}
