/** A session without sockets: a real store, devices that answer what the test says, and time in its hands. */
import { createCapabilities } from '../../../lib/silo/deliver/capabilities.ts';
import type { SessionContext } from '../../../lib/silo/deliver/session/session.ts';
import { createCircuitBreaker } from '../../../lib/silo/pace/circuit-breaker.ts';
import { createRateLimit } from '../../../lib/silo/pace/rate-limit.ts';
import { createSetupAlert } from '../../../lib/silo/pace/setup-alert.ts';
import { createBoxes } from '../../../lib/silo/state/boxes.ts';
import { createEvents } from '../../../lib/silo/state/events.ts';
import { createInFlight } from '../../../lib/silo/state/in-flight.ts';
import { UnreachableDevices } from '../../../lib/silo/state/unreachable-devices.ts';
import { SILO_DEFAULTS, type SiloSettings } from '../../../lib/silo/state/options.ts';
import type { Answer, OutgoingRequest } from '../../../lib/sip/drachtio/messages.ts';
import type { Binding } from '../../../lib/sip/read/binding.ts';
import type { Message } from '../../../lib/stores/contract/message.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import { openStore } from '../../../lib/stores/open.ts';
import { aBinding, aMessage } from '../../stores/contract/messages.ts';
import { answerOf } from '../request.ts';

export const BOX = 'bob@example.org';

/** What a device answers to the MESSAGE with this text. */
export type Answers = (text: string, request: OutgoingRequest) => number | Answer | Promise<number | Answer>;

export class Desk {
  readonly store: Store;
  readonly events = createEvents();
  readonly boxes = createBoxes();
  readonly capabilities = createCapabilities();
  readonly #clock: { now: number };
  /** Texts in the order in which they were sent, with the contact behind an @ where there are several. */
  readonly sent: string[] = [];
  devices: readonly Binding[] = [device(1)];
  answers: Answers = () => 200;
  #news: () => void = () => undefined;

  private constructor(store: Store, clock: { now: number }) {
    this.store = store;
    this.#clock = clock;
  }

  static async open(): Promise<Desk> {
    const clock = { now: 1000 };
    return new Desk(await openStore('sqlite::memory:', { now: () => clock.now }), clock);
  }

  get time(): number {
    return this.#clock.now;
  }
  set time(now: number) {
    this.#clock.now = now;
  }

  async leave(...texts: string[]): Promise<void> {
    for (const text of texts)
      await this.store.accept(aMessage(BOX, { body: Buffer.from(text), incTime: this.time }));
  }

  waiting(): Promise<readonly Message[]> {
    return this.store.waiting(BOX, this.time, 100);
  }

  /** The box is woken. */
  news(): void {
    this.#news();
  }

  async context(
    over: Partial<SessionContext> = {},
    settings: Partial<SiloSettings> = {},
  ): Promise<SessionContext> {
    const { store, events, boxes, capabilities } = this;
    const claim = await store.claim(BOX, 'one', 15);
    if (!('lease' in claim)) throw new Error('the box is served by another node');
    return {
      store,
      events,
      boxes,
      capabilities,
      lease: claim.lease,
      why: 'register',
      limit: Infinity,
      settings: { ...SILO_DEFAULTS, ...settings },
      now: () => this.time,
      inFlight: createInFlight(),
      unreachable: new UnreachableDevices(() => this.time),
      rateLimit: createRateLimit(SILO_DEFAULTS),
      breaker: createCircuitBreaker(),
      setupAlert: createSetupAlert(),
      mayGoOn: () => true,
      hasEnded: () => false,
      lateDelivery: () => Promise.resolve(),
      onLeaving: () => () => undefined,
      port: { send: (request) => this.#send(request) },
      devices: {
        reachable: () => Promise.resolve(this.devices.filter((one) => capabilities.takesMessages(one))),
        registered: () => Promise.resolve(this.devices),
        able: (binding) => capabilities.takesMessages(binding),
        onNews: (listener) => {
          this.#news = listener;
          return () => (this.#news = () => undefined);
        },
      },
      ...over,
    };
  }

  async #send(request: OutgoingRequest): Promise<Answer> {
    const text = request.body?.toString() ?? '';
    this.sent.push(text);
    const answer = await this.answers(text, request);
    return typeof answer === 'number' ? answerOf(answer) : answer;
  }
}

export function device(number: number, over: Partial<Binding> = {}): Binding {
  return aBinding(BOX, `sip:bob@192.0.2.${number}`, { instance: `urn:uuid:${number}`, path: [], ...over });
}
