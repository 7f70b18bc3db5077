/** Accepting: checked, committed, and only then a success. */
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { header } from '../../sip/read/headers.ts';
import type { Accepted } from '../../stores/contract/accept.ts';
import type { NewMessage } from '../../stores/contract/message.ts';
import type { MessageStore } from '../../stores/contract/messages.ts';
import type { SiloContext } from '../state/context.ts';
import { fieldsOf } from '../state/log-fields.ts';
import { createSignal, type Signal } from '../state/signal.ts';
import { rulesOf } from './accept-rules.ts';
import { messageOf, type StoreOverrides } from './message-of-request.ts';
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

/** A message that was committed just now. */
export interface Stored {
  readonly message: NewMessage;
  readonly id: number;
  /** The MESSAGE that it came with; undefined for one that we made ourselves. */
  readonly req: SipRequest | undefined;
  readonly over: StoreOverrides;
}

/**
 * Called before a MESSAGE is stored: throws a SiloError when it must not be, and returns what to call when nothing was stored
 * after all.
 */
export type MayStore = (
  req: SipRequest,
  amount: { readonly box: string; readonly bytes: number },
) => () => void;

export interface AcceptContext extends Pick<SiloContext, 'boxes' | 'events' | 'settings' | 'now'> {
  readonly store: Pick<MessageStore, 'accept'>;
  readonly overload: Overload;
  readonly mayStore?: MayStore | undefined;
}

export interface Acceptor {
  /** Checks and stores. Never throws, never answers. `nextTime`: earliest timed attempt. */
  readonly store: (
    req: SipRequest,
    over?: StoreOverrides & { readonly nextTime?: number },
  ) => Promise<StoreResult>;
  /**
   * Stores a message that we made ourselves; false when it was known already.
   * @throws SiloError when it can't be stored
   */
  readonly keep: (message: NewMessage) => Promise<boolean>;
  /** Resolves when the message with this key is no longer just being stored. */
  readonly settled: (key: string) => Promise<unknown>;
  /** Tells of each message that was stored, before its sender is answered. */
  readonly onStored: Signal<Stored>['on'];
}

const log = logger('silo');

/** A sender must have its answer before its transaction ends (32 s), and well before a person gives up. */
const STORE_LIMIT = 8_000;

export function createAcceptor(context: AcceptContext): Acceptor {
  const { store, boxes, events, settings, now, overload, mayStore = () => () => undefined } = context;
  const stored = createSignal<Stored>();
  const underWay = new Map<string, Promise<unknown>>();

  /** The commit may still happen after the limit: then the sender's repeat finds it done. */
  function commit(message: NewMessage): Promise<Accepted> {
    const noLongerStoring = boxes.storing(message.box);
    const committed = overload.pending();
    const accepting = store.accept(message, rulesOf(message, settings));
    underWay.set(message.key, accepting);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(tooSlow()), STORE_LIMIT);
      const over = () => {
        clearTimeout(timer);
        noLongerStoring();
        committed();
        if (underWay.get(message.key) === accepting) underWay.delete(message.key);
      };
      accepting.then(
        (accepted) => {
          boxes.add(message.box);
          over();
          resolve(accepted);
        },
        (error: unknown) => {
          over();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  /** @throws SiloError 480 when there is no room */
  async function keep(
    message: NewMessage,
    { since, ...origin }: Pick<Stored, 'req' | 'over'> & { readonly since?: number },
  ): Promise<Accepted> {
    const accepted = await commit(message);
    for (const { box, key, outcome, reason } of accepted.dropped ?? [])
      events.emit('ended', { box, key, outcome, status: 0, reason });
    if (accepted.full !== undefined) throw new SiloError('SILO_REFUSED', accepted.full, { status: 480 });
    if (accepted.stored) {
      const { box, key } = message;
      const took = since === undefined ? {} : { took: performance.now() - since };
      events.emit('stored', { box, key, id: accepted.id, message, ...took });
      stored.emit({ message, id: accepted.id, ...origin });
    }
    if (log.isRead())
      log.debug(`${message.box}: ${accepted.stored ? 'stored' : 'known already'}`, {
        ...fieldsOf({ ...message, id: accepted.id }, settings),
        status: 202,
      });
    return accepted;
  }

  async function keepFor(
    message: NewMessage,
    origin: { readonly req: SipRequest; readonly over: StoreOverrides; readonly since: number },
  ): Promise<Accepted> {
    const { box, body, headers } = message;
    const giveBack = mayStore(origin.req, { box, bytes: body.length + Buffer.byteLength(headers) });
    let stored = false;
    try {
      const accepted = await keep(message, origin);
      ({ stored } = accepted);
      return accepted;
    } finally {
      if (!stored) giveBack();
    }
  }

  return {
    keep: async (message) => (await keep(message, { req: undefined, over: {} })).stored,

    settled: (key) => underWay.get(key)?.catch(() => undefined) ?? Promise.resolve(),

    onStored: stored.on,

    store: async (req, over = {}) => {
      const since = performance.now();
      try {
        const busy = overload.reason();
        if (busy !== undefined)
          throw new SiloError('SILO_STORE_UNAVAILABLE', `Too busy: ${busy}.`, { status: 503, retryAfter: 5 });
        const made = messageOf(req, settings, now(), over);
        const message =
          over.nextTime === undefined ? made : { ...made, nextTime: Math.max(made.nextTime, over.nextTime) };
        const accepted = await keepFor(message, { req, over, since });
        return {
          result: accepted.stored ? 'stored' : 'repeated',
          status: 202,
          box: message.box,
          key: message.key,
          id: accepted.id,
        };
      } catch (error) {
        const refusal = error instanceof SiloError ? error : undefined;
        const status = refusal?.status ?? 500;
        const reason = textOf(error);
        log.debug(`not stored: ${status} ${reason}`, { callId: header(req, 'Call-ID') ?? '', status });
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

function tooSlow(): SiloError {
  const text = `The store gave no answer within ${STORE_LIMIT} ms; the sender may try again.`;
  return new SiloError('SILO_STORE_UNAVAILABLE', text, { status: 503, retryAfter: 10 });
}
