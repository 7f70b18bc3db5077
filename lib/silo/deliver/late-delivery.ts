/**
 * Messages that a device has taken: which these were lately, and what is to be done when a device takes one after its sender
 * had been told that it is stored, or after a lane had stopped waiting.
 */
import { BoundedSet } from '../../base/bounded-map.ts';
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { MessageStore } from '../../stores/contract/messages.ts';
import type { Acceptor } from '../receive/accept.ts';
import type { SiloEmitter } from '../state/events.ts';
import { createSignal, type Signal } from '../state/signal.ts';

const log = logger('silo');

/** Far more than can be in flight. */
const MEMORY = 100_000;

const LATE = { outcome: 'delivered', status: 200, reason: 'late answer of a live attempt' } as const;

export interface LateDeliveryContext {
  readonly store: Pick<MessageStore, 'settleByKey'>;
  readonly events: SiloEmitter;
  readonly acceptor: Pick<Acceptor, 'settled' | 'onStored'>;
}

export interface LateDelivery {
  /** Has a device taken the message with this key lately? */
  readonly happened: (key: string) => boolean;
  /** A device has taken it. */
  readonly remember: (key: string) => void;
  /** A device has taken it after all: a stored copy is ended. True when there was one. */
  readonly deliver: (key: string) => Promise<boolean>;
  /** Tells of each box whose copy of a message was ended so. */
  readonly onDelivered: Signal<string>['on'];
}

export function createLateDelivery({ store, events, acceptor }: LateDeliveryContext): LateDelivery {
  const lately = new BoundedSet<string>(MEMORY, 'late-deliveries');
  const delivered = createSignal<string>();

  async function deliver(key: string): Promise<boolean> {
    lately.add(key);
    await acceptor.settled(key);
    const message = await store.settleByKey(key, LATE);
    if (!message) return false;
    log.debug(`${message.box}: message ${message.id} has ended: a device took it late`, {
      ...{ box: message.box, key, id: message.id, status: LATE.status },
    });
    events.emit('ended', { box: message.box, key, ...LATE });
    delivered.emit(message.box);
    return true;
  }

  events.on('ended', ({ key, outcome }) => {
    if (outcome === 'delivered') lately.add(key);
  });
  acceptor.onStored(({ message }) => {
    // The late answer was faster than the store.
    if (lately.has(message.key)) void deliver(message.key).catch((error: unknown) => log.warn(textOf(error)));
  });

  return {
    happened: (key) => lately.has(key),
    remember: (key) => void lately.add(key),
    deliver,
    onDelivered: delivered.on,
  };
}
