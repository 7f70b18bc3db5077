/** Which devices an AoR has, where every device gets every message: noted at a first registration, and then now and then. */
import { BoundedMap, forgetKeys } from '../../base/bounded-map.ts';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { takesMessage, type Registration } from '../../sip/read/registration.ts';
import type { DeviceStore } from '../../stores/contract/devices.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { SiloSettings } from '../state/options.ts';

const log = logger('silo:lane');
const DAY = 86_400;
/** Devices that are remembered here, so that a refresh costs no query. */
const MEMORY = 100_000;

export interface KnownDevices {
  /** After the 2xx to a REGISTER. Never rejects. */
  note(registration: Registration): Promise<void>;
}

export interface KnownDevicesContext {
  readonly store: Pick<DeviceStore, 'knowDevice'>;
  readonly settings: Pick<SiloSettings, 'deliverTo' | 'deviceMemory'>;
  readonly now: () => number;
  readonly events: Pick<SiloEmitter, 'on'>;
}

export function createKnownDevices({ store, settings, now, events }: KnownDevicesContext): KnownDevices {
  /** Box and instance -> when it was written down. */
  const noted = new BoundedMap<string, number>(MEMORY, 'known-devices');
  events.on('forget', ({ aor }) => forgetKeys(noted, (name) => name.startsWith(`${aor} `)));
  // What is remembered briefly is noted more often.
  const interval = Math.min(DAY, settings.deviceMemory / 10);
  return {
    note: async (registration) => {
      if (settings.deliverTo !== 'every') return;
      for (const contact of registration.contacts) {
        // As it is kept in a binding.
        const instance = contact.instance?.slice(0, 255);
        if (instance === undefined || !takesMessage(contact, registration)) continue;
        const name = `${registration.aor} ${instance}`;
        const at = now();
        if (at - (noted.get(name) ?? -Infinity) < interval) continue;
        noted.set(name, at);
        try {
          await store.knowDevice(
            registration.aor,
            instance,
            at,
            Math.ceil(at + settings.deviceMemory + interval),
          );
        } catch (error) {
          noted.delete(name);
          log.warn(`a device could not be noted, its next registration does it: ${textOf(error)}`);
        }
      }
    },
  };
}
