/**
 * Devices that a registrar has accepted, but that no request of ours can get to: their mail would wait for nothing. Said to
 * the operator once, and in the health of the silo for as long as they are registered.
 */
import { BoundedMap, BoundedSet, forgetKeys } from '../../base/bounded-map.ts';
import { logger } from '../../base/log.ts';
import { Unreachable, wayTo } from '../../sip/drachtio/way.ts';
import type { Answer } from '../../sip/drachtio/messages.ts';
import { bindingsOf, type Binding } from '../../sip/read/binding.ts';
import type { Registration } from '../../sip/read/registration.ts';

const log = logger('silo:devices');
/** Devices that are remembered. */
const MOST = 10_000;
/**
 * drachtio-server sends to a contact that has registered over TCP, TLS or WebSocket along that connection only, whatever next
 * hop it is given, and says 410 once it is closed (docs/drachtio-server.md). A phone of its own then registers again; behind a
 * proxy it does not know.
 */
const CLOSED =
  'The connection of the proxy along which it registered was closed, and drachtio-server makes no other one. Let the proxy use UDP towards drachtio-server (docs/behind-kamailio.md).';

export class UnreachableDevices {
  readonly #now: () => number;
  /** AoR and contact -> when its registration ends, and what is wrong with it. */
  readonly #devices = new BoundedMap<string, { readonly expires: number; readonly reason: string }>(
    MOST,
    'unreachable-devices',
  );
  /** Ways along a Path that the operator was told of. */
  readonly #told = new BoundedSet<string>(MOST, 'unreachable-told');

  constructor(now: () => number) {
    this.#now = now;
  }

  /** This was registered. */
  note(registration: Registration): void {
    if (registration.kind === 'clear') this.forget(registration.aor);
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

  /** Nothing is known of the devices of this AoR any more. */
  forget(aor: string): void {
    forgetKeys(this.#devices, (device) => device.startsWith(`${aor} `));
  }

  /** This came of a request to it. */
  answered({ aor, contact, path, expires }: Binding, answer: Answer): void {
    const device = `${aor} ${contact}`;
    const [first] = path;
    if (answer.origin === 'peer') this.#devices.delete(device);
    if (answer.origin !== 'stack' || answer.status !== 410 || first === undefined) return;
    this.#devices.set(device, { expires, reason: CLOSED });
    if (this.#told.has(first)) return;
    this.#told.add(first);
    log.warn(`Messages wait for a device behind ${first} until it registers again: ${CLOSED}`);
  }

  /** What is wrong with this one; undefined: nothing that is known. */
  why({ aor, contact }: Pick<Binding, 'aor' | 'contact'>): string | undefined {
    const device = this.#devices.get(`${aor} ${contact}`);
    return device && device.expires > this.#now() ? device.reason : undefined;
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
