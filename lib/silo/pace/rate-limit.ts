/**
 * How fast messages leave: limits on messages a second and in flight, in all, per next hop and per domain. A storm of
 * registrations fills the queue here, not the network. Turns go round the domains and next hops.
 */
import { createFairQueue } from '../../base/fair-queue.ts';

/** 0 always means: no limit. In all, the lanes limit what is in flight. */
export interface PaceLimits {
  /** Messages a second in all. */
  readonly sendRate: number;
  /** Messages a second, and in flight, to one next hop. */
  readonly hopRate: number;
  readonly hopInFlight: number;
  /** Messages a second, and in flight, for one domain. */
  readonly domainRate: number;
  readonly domainInFlight: number;
}

export interface RateLimit {
  /** Runs `send` when the limits allow it. */
  run<T>(hop: string, domain: string, send: () => Promise<T>): Promise<T>;
  /** Messages that wait for their turn. */
  readonly waiting: number;
  close(): void;
}

export function createRateLimit(limits: PaceLimits, now = () => performance.now()): RateLimit {
  const queue = createFairQueue<() => void>();
  const all = createGauge(limits.sendRate, 0, now);
  const gauges = new Map<string, Gauge>();
  let timer: NodeJS.Timeout | undefined;

  function gaugeOf(name: string, rate: number, inFlight: number): Gauge {
    let gauge = gauges.get(name);
    if (!gauge) gauges.set(name, (gauge = createGauge(rate, inFlight, now)));
    return gauge;
  }
  const gaugesOf = (group: string): readonly [Gauge, Gauge] => {
    const [hop = '', domain = ''] = group.split(' ');
    return [
      gaugeOf(`hop ${hop}`, limits.hopRate, limits.hopInFlight),
      gaugeOf(`domain ${domain}`, limits.domainRate, limits.domainInFlight),
    ];
  };
  const may = (group: string) => gaugesOf(group).every((gauge) => gauge.wait() === 0);

  function pump(): void {
    clearTimeout(timer);
    timer = undefined;
    while (all.wait() === 0) {
      const go = queue.take(may);
      if (!go) break;
      go();
    }
    // Something waits for time to pass; what waits for an answer is pumped again when that comes.
    if (queue.size > 0) timer = setTimeout(pump, Math.max(10, all.wait()));
  }

  return {
    run: (hop, domain, send) =>
      new Promise((resolve, reject) => {
        const group = `${hop} ${domain}`;
        queue.add(group, () => {
          const taken = [all, ...gaugesOf(group)];
          for (const gauge of taken) gauge.take();
          send()
            .then(resolve, reject)
            .finally(() => {
              for (const gauge of taken) gauge.done();
              for (const name of [`hop ${hop}`, `domain ${domain}`])
                if (gauges.get(name)?.idle()) gauges.delete(name);
              if (queue.size > 0) pump();
            });
        });
        pump();
      }),
    get waiting() {
      return queue.size;
    },
    close: () => clearTimeout(timer),
  };
}

/** A token bucket and a count of what is in flight. */
interface Gauge {
  /** Milliseconds until one may leave; 0: now; Infinity: when something in flight is done. */
  wait(): number;
  take(): void;
  done(): void;
  /** Nothing is in flight and a full second's worth may leave: as good as new. */
  idle(): boolean;
}

function createGauge(rate: number, limit: number, now: () => number): Gauge {
  const most = Math.max(1, rate);
  let tokens = most;
  let at = now();
  let inFlight = 0;
  const fill = () => {
    const time = now();
    tokens = rate === 0 ? most : Math.min(most, tokens + ((time - at) * rate) / 1000);
    at = time;
  };
  return {
    wait: () => {
      fill();
      if (limit > 0 && inFlight >= limit) return Infinity;
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / rate);
    },
    take: () => {
      if (rate > 0) tokens -= 1;
      inFlight++;
    },
    done: () => {
      inFlight--;
    },
    idle: () => {
      fill();
      return inFlight === 0 && tokens >= most;
    },
  };
}
