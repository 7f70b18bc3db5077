/** A distribution that is kept elsewhere, as a histogram of Prometheus: the way of a message pays a few nanoseconds and no more. */
import { Histogram, type MetricObjectWithValues, type MetricValueWithName, type Registry } from 'prom-client';
import type { Distribution } from '../../base/histogram.ts';

export class ReadHistogram extends Histogram {
  readonly #of: { readonly name: string; readonly help: string };
  readonly #read: () => Distribution;

  constructor(
    of: { readonly name: string; readonly help: string },
    registry: Registry,
    read: () => Distribution,
  ) {
    super({ ...of, buckets: [...read().bounds], registers: [registry] });
    this.#of = of;
    this.#read = read;
  }

  /** What the text form is made of. */
  getForPromString(): ReturnType<this['get']> {
    return this.get() as ReturnType<this['get']>;
  }

  override get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const { name, help } = this.#of;
    const { bounds, counts, sum } = this.#read();
    let below = 0;
    const values: MetricValueWithName<string>[] = bounds.map((bound, index) => {
      below += counts[index] ?? 0;
      return { labels: { le: bound }, value: below, metricName: `${name}_bucket` };
    });
    const count = below + (counts[bounds.length] ?? 0);
    values.push({ labels: { le: '+Inf' }, value: count, metricName: `${name}_bucket` });
    values.push({ labels: {}, value: sum, metricName: `${name}_sum` });
    values.push({ labels: {}, value: count, metricName: `${name}_count` });
    return Promise.resolve({ name, help, type: 'histogram', aggregator: 'sum', values } as never);
  }
}
