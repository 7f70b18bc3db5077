/**
 * Devices that a registrar has accepted, but that no request of ours can get to: their mail would wait for nothing. Said to
 * the operator once, and in the health of the silo for as long as they are registered.
 */
import { BoundedMap } from '../../base/bounded-map.ts';
import { logger } from '../../base/log.ts';
import { Unreachable, wayTo } from '../../sip/drachtio/way.ts';
import { bindingsOf } from '../../sip/read/binding.ts';
import type { Registration } from '../../sip/read/registration.ts';

const log = logger('silo:devices');
/** Devices that are remembered. */
const MOST = 10_000;

export class UnreachableDevices {
  readonly #now: () => number;
  /** AoR and contact -> when its registration ends, and what is wrong with it. */
  readonly #devices = new BoundedMap<string, { readonly expires: number; readonly reason: string }>(MOST);

  constructor(now: () => number) {
    this.#now = now;
  }

  /** This was registered. */
  note(registration: Registration): void {
    if (registration.kind === 'clear')
      for (const device of this.#devices.keys())
        if (device.startsWith(`${registration.aor} `)) this.#devices.delete(device);
    for (const binding of bindingsOf(registration, this.#now())) {
      const { aor, contact, expires } = binding;
      const device = `${aor} ${contact}`;
      const way = wayTo(binding);
      if (expires <= this.#now() || !(way instanceof Unreachable) || way.foreign) {
        this.#devices.delete(device);
        continue;
      }
      const known = this.#devices.get(device)?.reason === way.reason;
      this.#devices.set(device, { expires, reason: way.reason });
      if (known) continue;
      log.debug(`nothing can be sent to ${contact} of ${aor}: ${way.reason}`);
      log.warn(`A device was registered that nothing can be sent to, its messages wait: ${way.reason}`);
    }
  }

  /** For the operator: nothing, or one sentence. */
  warnings(): readonly string[] {
    const reasons: string[] = [];
    for (const [device, { expires, reason }] of this.#devices)
      if (expires <= this.#now()) this.#devices.delete(device);
      else reasons.push(reason);
    const [reason] = reasons;
    if (reason === undefined) return [];
    const devices = reasons.length === 1 ? '1 registered device' : `${reasons.length} registered devices`;
    return [`${devices} can not be sent to: ${reason}`];
  }
}
