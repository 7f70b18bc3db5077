/** Accepting: checked, committed, and only then a success. */
import { SiloError, textOf } from '../../base/errors.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import type { Accepted } from '../../stores/contract/accept.ts';
import type { Store } from '../../stores/contract/store.ts';
import { rulesOf } from './accept-rules.ts';
import type { Boxes } from '../state/boxes.ts';
import { messageOf, type StoreOverrides } from './message-of-request.ts';
import type { SiloEmitter } from '../state/events.ts';
import type { SiloSettings } from '../state/options.ts';
import type { Overload } from './overload.ts';

/** What became of a MESSAGE that the host app (or a middleware) wanted stored. */
export type StoreResult =
  | {
      readonly result: 'stored' | 'repeated';
      readonly status: 202;
      readonly box: string;
      readonly key: string;
      readonly id: number;
    }
  | {
      readonly result: 'refused' | 'unavailable';
      readonly status: number;
      readonly reason: string;
      readonly retryAfter: number | undefined;
    };

export interface Acceptor {
  /** Checks and stores. Never throws, never answers. `nextTime`: earliest timed attempt. */
  store(req: SipRequest, over?: StoreOverrides & { readonly nextTime?: number }): Promise<StoreResult>;
  /**
   * Stores a message that we made ourselves; false when it was known already.
   * @throws SiloError when it can't be stored
   */
  keep(message: NewMessage): Promise<boolean>;
  /** Resolves when the message with this key is no longer just being stored. */
  settled(key: string): Promise<unknown>;
}

/** A sender must have its answer before its transaction ends (32 s), and well before a person gives up. */
const STORE_LIMIT = 8_000;

export function createAcceptor(
  store: Store,
  boxes: Boxes,
  events: SiloEmitter,
  settings: SiloSettings,
  now: () => number,
  overload: Overload,
  onStored: (message: NewMessage, id: number, req: SipRequest | undefined, over: StoreOverrides) => void,
): Acceptor {
  const underWay = new Map<string, Promise<unknown>>();

  async function commit(message: NewMessage): Promise<Accepted> {
    const stored = boxes.storing(message.box);
    const committed = overload.pending();
    const accepting = store.accept(message, rulesOf(message, settings));
    underWay.set(message.key, accepting);
    const finished = accepting
      .then((accepted) => {
        boxes.add(message.box);
        return accepted;
      })
      .finally(() => {
        stored();
        committed();
        if (underWay.get(message.key) === accepting) underWay.delete(message.key);
      });
    return within(finished);
  }

  /** @throws SiloError 480 when there is no room */
  async function keep(
    message: NewMessage,
    req: SipRequest | undefined,
    over: StoreOverrides,
  ): Promise<Accepted> {
    const accepted = await commit(message);
    for (const { box, key, outcome, reason } of accepted.dropped ?? [])
      events.emit('ended', { box, key, outcome, status: 0, reason });
    if (accepted.full !== undefined) throw new SiloError('SILO_REFUSED', accepted.full, { status: 480 });
    if (accepted.stored) {
      events.emit('stored', { box: message.box, key: message.key, id: accepted.id, message });
      onStored(message, accepted.id, req, over);
    }
    return accepted;
  }

  return {
    keep: async (message) => (await keep(message, undefined, {})).stored,

    settled: (key) => underWay.get(key)?.catch(() => undefined) ?? Promise.resolve(),

    store: async (req, over = {}) => {
      try {
        const busy = overload.reason();
        if (busy !== undefined)
          throw new SiloError('SILO_STORE_UNAVAILABLE', `Too busy: ${busy}.`, { status: 503, retryAfter: 5 });
        const made = messageOf(req, settings, now(), over);
        const message =
          over.nextTime === undefined ? made : { ...made, nextTime: Math.max(made.nextTime, over.nextTime) };
        const { stored, id } = await keep(message, req, over);
        return {
          result: stored ? 'stored' : 'repeated',
          status: 202,
          box: message.box,
          key: message.key,
          id,
        };
      } catch (error) {
        const refusal = error instanceof SiloError ? error : undefined;
        const status = refusal?.status ?? 500;
        const reason = textOf(error);
        events.emit('refused', { status, reason });
        return {
          result: refusal?.code === 'SILO_REFUSED' ? 'refused' : 'unavailable',
          status,
          reason,
          retryAfter: refusal?.retryAfter,
        };
      }
    },
  };
}

/** The commit may still happen after the limit: then the sender's repeat finds it done. */
async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new SiloError(
            'SILO_STORE_UNAVAILABLE',
            `The store gave no answer within ${STORE_LIMIT} ms; the sender may try again.`,
            {
              status: 503,
              retryAfter: 10,
            },
          ),
        ),
      STORE_LIMIT,
    );
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
