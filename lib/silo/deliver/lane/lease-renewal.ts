/** Keeps the leases of the lanes that are served, and knows how long each holds for sure. */
import { textOf } from '../../../base/errors.ts';
import { logger } from '../../../base/log.ts';
import type { LeaseStore } from '../../../stores/contract/leases.ts';
import type { Lane } from './lane.ts';

const log = logger('silo:lane');

export interface LeaseContext {
  readonly store: Pick<LeaseStore, 'renew'>;
  readonly settings: { readonly leaseTime: number };
  /** Name of this process in the leases. */
  readonly owner: string;
}

export class LeaseRenewal {
  readonly #context: LeaseContext;
  readonly #served: () => Iterable<Lane>;
  readonly #timer: NodeJS.Timeout;

  /** @param served the lanes that have their turn */
  constructor(context: LeaseContext, served: () => Iterable<Lane>) {
    this.#context = context;
    this.#served = served;
    this.#timer = setInterval(() => void this.#renew(), (context.settings.leaseTime * 1000) / 3);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const { store, owner, settings } = this.#context;
    const served = [...this.#served()];
    if (served.length === 0) return;
    const asked = performance.now();
    try {
      await store.renew(owner, settings.leaseTime);
      for (const lane of served) lane.renewed(asked, asked + surelyHeld(settings.leaseTime));
    } catch (error) {
      log.warn(`the leases could not be renewed: ${textOf(error)}`);
    }
  }
}

/** Milliseconds for which a lease holds from the moment that we asked for it: the database counts whole seconds. */
export function surelyHeld(leaseTime: number): number {
  return (leaseTime - 1) * 1000;
}
