/** The devices of one box during one turn of its lane: which there are, and which this node can send to. */
import type { Port } from '../../../sip/drachtio/port.ts';
import type { Binding } from '../../../sip/read/binding.ts';
import { flowOf } from '../../../sip/read/rebinding.ts';
import { reachableFrom } from '../../../sip/read/next-hop.ts';
import type { BindingSource } from '../../state/bindings.ts';
import type { Capabilities } from '../capabilities.ts';
import type { SessionDevices } from '../session/session.ts';
import type { Lane } from './lane.ts';

/** Devices are looked up again after this many ms even when nothing said that they changed. */
const FRESH_MS = 2000;

export interface BoxDevicesContext {
  readonly port: Pick<Port, 'server'>;
  readonly bindings: BindingSource;
  readonly capabilities: Capabilities;
  readonly now: () => number;
}

/** `reachable`: this node can send to one; `elsewhere`: another node may; `none`: the box waits for a registration. */
export type Presence = 'reachable' | 'elsewhere' | 'none';

export class BoxDevices implements SessionDevices {
  readonly #context: BoxDevicesContext;
  readonly #lane: Lane;
  #known: readonly Binding[] = [];
  #fetched = -Infinity;

  constructor(context: BoxDevicesContext, lane: Lane) {
    this.#context = context;
    this.#lane = lane;
    lane.listen((news) => {
      if (news === 'devices') this.#fetched = -Infinity;
    });
  }

  async presence(): Promise<Presence> {
    const known = await this.registered();
    if (known.some((binding) => this.#usable(binding))) return 'reachable';
    const none =
      known.length === 0
        ? this.#context.bindings.partial !== true
        : known.every((binding) => !binding.takesMessage);
    return none ? 'none' : 'elsewhere';
  }

  async reachable(): Promise<readonly Binding[]> {
    if (performance.now() - this.#fetched > FRESH_MS) {
      this.#fetched = performance.now();
      const usable = (await this.registered()).filter((binding) => this.#usable(binding));
      this.#known = usable.sort((a, b) => b.q - a.q || b.updated - a.updated);
    }
    const now = this.#context.now();
    return this.#known.filter((binding) => binding.expires > now && this.able(binding));
  }

  registered(): Promise<readonly Binding[]> {
    return this.#context.bindings.find(this.#lane.box);
  }

  able(binding: Binding): boolean {
    return binding.takesMessage && this.#context.capabilities.takesMessages(binding);
  }

  onNews(listener: () => void): () => void {
    return this.#lane.listen(listener);
  }

  onLeaving(binding: Binding, listener: () => void): () => void {
    return this.#lane.listen((news) => {
      if (news === 'devices') void this.#hasLeft(binding).then((left) => left && listener());
    });
  }

  async #hasLeft(binding: Binding): Promise<boolean> {
    const flow = flowOf(binding);
    try {
      return !(await this.registered()).some((other) => flowOf(other) === flow);
    } catch {
      // Not known: the attempt waits as long as it would have.
      return false;
    }
  }

  #usable(binding: Binding): boolean {
    return this.able(binding) && reachableFrom(this.#context.port.server(), binding);
  }
}
