/**
 * How much anybody may ask: two middlewares and a question of one object.
 *
 *   ofSource ──► (who is asking) ──► ofSender ──► the features ──► mayStore, when a message is about to be stored
 */
import type { SiloError } from '../../base/errors.ts';
import { checkOptions } from '../../options/check.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import type { Middleware, Port } from '../../sip/drachtio/port.ts';
import { askingOf, boxKey, domainKey, pairKey, senderKey } from './keys.ts';
import { limitsOptions, type LimitsOptions, type LimitsSettings } from './options.ts';
import { Rate } from './rate.ts';
import { NewRecipients } from './recipients.ts';
import { refusalOf, type Limited } from './refusal.ts';
import { SourceLimit, type Proof } from './source.ts';
import { createTally } from './tally.ts';

export interface LimitsDependencies {
  readonly port: Pick<Port, 'middleware' | 'respond'>;
  /** A hop that is trusted speaks for many: it is not limited as a source. Default: none is trusted. */
  readonly isTrusted?: (req: SipRequest) => boolean;
  /** Tells who has a password from who writes that he has: `createAuth` made it. Without it nobody does. */
  readonly proof?: Proof | undefined;
  /** Milliseconds; only differences count. */
  readonly now?: () => number;
}

/** What is about to be stored. */
interface Amount {
  readonly box: string;
  readonly bytes: number;
}

export interface Limits {
  /** For all methods, before it is asked who somebody is: what a source may ask. */
  readonly ofSource: Middleware;
  /** For all methods, after that: what a sender, a pair and a domain may ask. */
  readonly ofSender: Middleware;
  /**
   * The same question of a request that came by no wire, such as what a program submits.
   * @throws SiloError 480 (a MESSAGE) or 500, with Retry-After
   */
  readonly mayAsk: (req: SipRequest) => void;
  /**
   * May so much be stored for the sender of this MESSAGE? Call what it returns when nothing was stored after all.
   * @throws SiloError 480 with Retry-After
   */
  readonly mayStore: (req: SipRequest, amount: Amount) => () => void;
  readonly statistics: () => LimitsStatistics;
  /** A person was erased. Senders and pairs are remembered by hashes, whose they are is not known: none is remembered any more. */
  readonly forget: () => void;
}

export interface LimitsStatistics {
  /** Refused since the start, by the limit that was met. */
  readonly refused: Readonly<Record<Limited, number>>;
  /** Sources, senders, pairs and domains that are remembered, one for each limit. */
  readonly remembered: number;
}

interface Taking {
  readonly limited: Limited;
  readonly rate: Rate;
  readonly key: string;
  readonly amount: number;
}

/**
 * @example
 * const limits = createLimits({ port, proof: auth });
 * srf.use(limits.ofSource);
 * srf.use(limits.ofSender);
 * const silo = createSilo({ srf, store, port, mayStore: limits.mayStore });
 */
export function createLimits(dependencies: LimitsDependencies, options: LimitsOptions = {}): Limits {
  const settings = checkOptions(limitsOptions, options);
  const { port, isTrusted = () => false, proof, now = () => performance.now() } = dependencies;
  const { sourceRate, sourceBurst } = settings;
  const source = new SourceLimit({ perSecond: sourceRate, burst: sourceBurst }, proof, now);
  const rates = ratesOf(settings, now);
  const recipients = new NewRecipients(settings.limits ? settings.senderRecipients : 0, now);
  const tally = createTally(now);

  function refused(limited: Limited, req: SipRequest, wait: number): SiloError {
    const refusal = refusalOf(limited, req.method, wait, settings);
    tally.refused(limited, req, refusal.message);
    return refusal;
  }

  /** @throws SiloError when one of them is too much; then none is taken */
  function takeAll(req: SipRequest, takings: readonly Taking[]): void {
    for (const [index, { limited, rate, key, amount }] of takings.entries()) {
      const wait = rate.take(key, amount);
      if (wait === 0) continue;
      giveBack(takings.slice(0, index));
      throw refused(limited, req, wait);
    }
  }

  function mayAsk(req: SipRequest): void {
    if (!settings.limits) return;
    const { sender, recipient, domain } = askingOf(req, settings);
    const pair = recipient === undefined ? undefined : pairKey(sender, recipient);
    takeAll(req, [
      { limited: 'sender', rate: rates.sender, key: sender, amount: 1 },
      ...(pair === undefined ? [] : [{ limited: 'pair', rate: rates.pair, key: pair, amount: 1 } as const]),
      { limited: 'domain', rate: rates.domain, key: domain, amount: 1 },
    ]);
    const wait = pair === undefined || req.method !== 'MESSAGE' ? 0 : recipients.take(sender, pair);
    if (wait > 0) throw refused('recipients', req, wait);
  }

  return {
    mayAsk,

    ofSource: port.middleware('limitsOfSource', async (req, res, next) => {
      const wait = !settings.limits || isTrusted(req) ? 0 : await source.take(req);
      if (wait === 0) {
        next();
        return;
      }
      // Answered here and not thrown: the reason of a 503 that is thrown tells strangers nothing.
      const { message, retryAfter = 1 } = refused('source', req, wait);
      port.respond(res, 503, { reason: message, headers: { 'Retry-After': String(retryAfter) } });
    }),

    ofSender: port.middleware('limitsOfSender', (req, _, next) => {
      mayAsk(req);
      next();
    }),

    mayStore: (req, { box, bytes }) => {
      if (!settings.limits) return () => undefined;
      const sender = senderKey(req);
      const domain = domainKey(box);
      const takings: readonly Taking[] = [
        { limited: 'senderMessages', rate: rates.senderMessages, key: sender, amount: 1 },
        { limited: 'senderBytes', rate: rates.senderBytes, key: sender, amount: bytes },
        { limited: 'pairMessages', rate: rates.pairMessages, key: pairKey(sender, boxKey(box)), amount: 1 },
        { limited: 'domainMessages', rate: rates.domainMessages, key: domain, amount: 1 },
        { limited: 'domainBytes', rate: rates.domainBytes, key: domain, amount: bytes },
      ];
      takeAll(req, takings);
      return () => giveBack(takings);
    },

    forget: () => {
      recipients.forget();
      for (const rate of Object.values(rates)) rate.forget();
    },

    statistics: () => ({
      refused: tally.counts(),
      remembered: Object.values(rates).reduce((sum, { size }) => sum + size, source.size + recipients.size),
    }),
  };
}

function giveBack(takings: readonly Taking[]): void {
  for (const { rate, key, amount } of takings) rate.giveBack(key, amount);
}

function ratesOf(settings: LimitsSettings, now: () => number) {
  const rate = (perSecond: number, burst: number) =>
    new Rate({ perSecond: settings.limits ? perSecond : 0, burst }, now);
  /** All of a minute's may come at once. */
  const minute = (most: number) => rate(most / 60, most);
  return {
    sender: rate(settings.senderRate, settings.senderBurst),
    pair: rate(settings.pairRate, settings.pairBurst),
    domain: rate(settings.domainRate, settings.domainBurst),
    senderMessages: minute(settings.senderMessages),
    senderBytes: minute(settings.senderBytes),
    pairMessages: minute(settings.pairMessages),
    domainMessages: minute(settings.domainMessages),
    domainBytes: minute(settings.domainBytes),
  };
}
