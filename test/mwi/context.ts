/** The parts of MWI without drachtio: what they would send and answer is looked at, a store is behind them. */
import { createServed } from '../../lib/mwi/notify/served.ts';
import { createSubscriptions } from '../../lib/mwi/notify/subscriptions.ts';
import { createUnsolicited } from '../../lib/mwi/notify/unsolicited.ts';
import { createAccess } from '../../lib/mwi/request/access.ts';
import { MWI_DEFAULTS, type MwiSettings } from '../../lib/mwi/request/options.ts';
import { createMwiEvents } from '../../lib/mwi/state/events.ts';
import { createSummaries } from '../../lib/mwi/state/summaries.ts';
import type { Answer, OutgoingRequest, ResponseOptions } from '../../lib/sip/drachtio/messages.ts';
import type { Port } from '../../lib/sip/drachtio/port.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { answerOf } from './notify/answers.ts';

/** What drachtio would be asked to do. */
export class Wire {
  readonly answers: (ResponseOptions & { readonly status: number })[] = [];
  readonly sent: OutgoingRequest[] = [];
  /** The answer to the next NOTIFYs. */
  answer: Answer = answerOf(200, { cseq: 2 });
  readonly port: Port;

  constructor() {
    const unused = (): never => {
      throw new Error('none of these parts needs this');
    };
    this.port = {
      middleware: unused,
      failureMiddleware: unused,
      late: () => 0,
      onReconnect: unused,
      forget: unused,
      drained: () => Promise.resolve(),
      connected: () => true,
      server: () => '',
      isFree: () => true,
      respond: (_, status, options = {}) => {
        this.answers.push({ status, ...options });
        options.onSent?.(true);
      },
      send: (request) => {
        this.sent.push(request);
        return Promise.resolve(this.answer);
      },
    };
  }
}

interface ContextOptions {
  readonly store: Store;
  readonly wire: Wire;
  readonly now: () => number;
  readonly settings?: Partial<MwiSettings>;
}

export function mwiContext({ store, wire, now, settings: some }: ContextOptions) {
  const settings: MwiSettings = { ...MWI_DEFAULTS, notifyInterval: 0, ...some };
  const served = createServed();
  const summaries = createSummaries(store, settings, now);
  const common = {
    port: wire.port,
    store,
    served,
    summaries,
    settings,
    now,
    run: 'run',
    notified: () => undefined,
  };
  return {
    ...common,
    access: createAccess(settings),
    subscriptions: createSubscriptions(common),
    unsolicited: createUnsolicited(common),
    events: createMwiEvents(),
  };
}
