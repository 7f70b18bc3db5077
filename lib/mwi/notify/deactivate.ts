/**
 * Sending phones away so that they come back at once (RFC 6665 4.2.2, `deactivated`): at a start those that an earlier run
 * of this node has served, after a lost connection to drachtio-server and at a stop all.
 *
 *          begin to close          all sent away, or the time is over
 *   open ─────────────────► closing ─────────────────────────────────► closed
 *
 * What was begun in one state does not go on in the next.
 */
import { textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { assertState } from '../../base/state.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import type { MwiStore, Subscription } from '../../stores/contract/mwi.ts';
import type { MwiSettings } from '../request/options.ts';
import type { ServedSubscriptions } from './served.ts';
import type { ServedSubscription } from './subscription.ts';
import type { Subscriptions } from './subscriptions.ts';

const log = logger('mwi:deactivate');

/** Milliseconds between two phones at least: they all come back. */
const LEAST = 2;
/** And at most, so that a few are not kept waiting. */
const MOST = 20;
const RETRY_MS = 5_000;
/** Phones of an earlier run that are read at a time. */
const PAGE = 1000;

export interface DeactivationContext {
  readonly port: Port;
  readonly store: MwiStore;
  readonly served: ServedSubscriptions;
  readonly subscriptions: Subscriptions;
  readonly settings: MwiSettings;
  readonly run: string;
  readonly now: () => number;
}

type State = 'open' | 'closing' | 'closed';

export class Deactivation {
  readonly #context: DeactivationContext;
  #state: State = 'open';

  constructor(context: DeactivationContext) {
    this.#context = context;
  }

  /** The node stops, or has stopped: it takes nothing on. */
  get closing(): boolean {
    return this.#state !== 'open';
  }

  /**
   * The phones of earlier runs, at a start. Tried until it has worked: until then their refreshes get 481, and no NOTIFY.
   *
   * @param told up to which id those of each run were told
   */
  async deactivatePreviousRun(told = new Map<string, string>()): Promise<void> {
    const { store, settings, run } = this.#context;
    if (this.closing) return;
    try {
      for (const earlier of await store.subscribedRuns(settings.node))
        if (earlier !== run) await this.#deactivateRun(earlier, told);
    } catch (error) {
      log.warn(`the phones of an earlier run wait: ${textOf(error)}`);
      setTimeout(() => void this.deactivatePreviousRun(told), RETRY_MS).unref();
    }
  }

  async #deactivateRun(earlier: string, told: Map<string, string>): Promise<void> {
    const { store, settings } = this.#context;
    while (!this.closing) {
      const after = told.get(earlier) ?? '';
      const rows = await store.subscriptionsOf(settings.node, earlier, after, PAGE);
      if (rows.length === 0) return;
      log.debug(`${rows.length} subscriptions of an earlier run are told to come back`);
      told.set(earlier, rows.at(-1)?.id ?? after);
      await this.deactivate(rows);
    }
  }

  /**
   * Sends away the phones of these rows, none of which is served here. Resolves when all were told, not when they have
   * answered.
   */
  async deactivate(rows: readonly Subscription[]): Promise<void> {
    const { subscriptions, now } = this.#context;
    const isOver = ({ expires }: Subscription) => expires <= now();
    // Their phones know that the time is over; only drachtio-server does not.
    for (const row of rows.filter(isOver)) subscriptions.end(subscriptions.create(row), 'timeout');
    const live = rows.filter((row) => !isOver(row)).map((row) => subscriptions.create(row));
    await this.#spread(live, 'open');
  }

  /**
   * drachtio-server is back: it was restarted and knows no dialog, or it has answered refreshes with 481 since their app
   * was gone.
   */
  async reconnected(): Promise<void> {
    if (!this.closing) await this.#deactivateAll('open');
  }

  /** From now on the node takes nothing on. */
  beginToClose(): void {
    assertState('deactivation', 'beginToClose', this.#state, ['open']);
    this.#state = 'closing';
  }

  /** Sends all phones away, and waits for their answers as long as the option says. */
  async close(): Promise<void> {
    assertState('deactivation', 'close', this.#state, ['closing']);
    const { port, served, subscriptions, settings } = this.#context;
    const limit = new Promise<void>((resolve) => setTimeout(resolve, settings.stopGrace).unref());
    if (port.connected() && served.size > 0)
      await Promise.race([this.#deactivateAll('closing').then(() => subscriptions.quiet()), limit]);
    this.#state = 'closed';
    for (const subscription of served.all()) subscription.stop();
  }

  async #deactivateAll(during: State): Promise<void> {
    const { served, subscriptions } = this.#context;
    // Also those whose last NOTIFY was lost with the connection.
    const owed = subscriptions.takeOwed().map((row) => subscriptions.create(row));
    await this.#spread([...owed, ...served.all()], during);
  }

  async #spread(going: readonly ServedSubscription[], during: State): Promise<void> {
    const { subscriptions, settings } = this.#context;
    const pause = Math.min(Math.max(settings.spread / Math.max(going.length, 1), LEAST), MOST);
    const start = performance.now();
    for (const [index, subscription] of going.entries()) {
      const wait = start + index * pause - performance.now();
      if (wait > 1) await new Promise<void>((resolve) => setTimeout(resolve, wait));
      if (this.#state !== during) return;
      subscriptions.end(subscription, 'deactivated');
    }
  }
}
