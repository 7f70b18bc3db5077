/** What the silo tells a host app, the metrics and the lamps: a few named events. */
import { EventEmitter } from 'node:events';
import type { Outcome } from '../stores/store.ts';

export interface SiloEvents {
  /** A message was committed. */
  stored: [{ readonly box: string; readonly key: string; readonly id: number }];
  /** A message ended: delivered, expired, dead or erased. */
  ended: [
    {
      readonly box: string;
      readonly key: string;
      readonly outcome: Outcome;
      readonly status: number;
      readonly reason: string;
    },
  ];
  /** A MESSAGE was refused with this status. */
  refused: [{ readonly status: number; readonly reason: string }];
}

export type SiloEmitter = EventEmitter<SiloEvents>;

export function createEvents(): SiloEmitter {
  return new EventEmitter<SiloEvents>();
}
