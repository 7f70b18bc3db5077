/** What the parts of one silo share. Each says in its own context what it needs of this, and what besides. */
import type { Port } from '../../sip/drachtio/port.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { BindingSource } from './bindings.ts';
import type { Boxes } from './boxes.ts';
import type { SiloEmitter } from './events.ts';
import type { InFlight } from './in-flight.ts';
import type { SiloSettings } from './options.ts';
import type { UnreachableDevices } from './unreachable-devices.ts';

export interface SiloContext {
  readonly store: Store;
  readonly port: Port;
  readonly bindings: BindingSource;
  readonly boxes: Boxes;
  readonly inFlight: InFlight;
  readonly unreachable: UnreachableDevices;
  readonly events: SiloEmitter;
  readonly settings: SiloSettings;
  /** Epoch seconds. */
  readonly now: () => number;
}
