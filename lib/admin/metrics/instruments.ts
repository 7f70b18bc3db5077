/** How a number that is kept elsewhere becomes a metric: it is read when somebody asks for it, and never before. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface Naming {
  readonly name: string;
  readonly help: string;
  /** Of several processes that serve as one: the sum, unless it is the same for all. */
  readonly aggregator?: 'min' | 'max' | 'first';
}

/** A value of each label, and the number. */
export type Series = readonly (readonly [labels: readonly string[], value: number])[];

/** A counter with labels. Those that are the same add up. */
export function counters(
  registry: Registry,
  naming: Naming,
  labelNames: readonly string[],
  read: () => Series,
): void {
  new Counter({
    ...naming,
    labelNames: [...labelNames],
    registers: [registry],
    collect() {
      this.reset();
      for (const [labels, value] of read())
        this.inc(Object.fromEntries(labelNames.map((label, index) => [label, labels[index] ?? ''])), value);
    },
  });
}

/** @param read undefined: not known, and then there is no such series */
export function gauge(
  registry: Registry,
  naming: Naming,
  read: () => number | undefined | Promise<number | undefined>,
): void {
  new Gauge({
    ...naming,
    registers: [registry],
    async collect() {
      const value = await read();
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}

/** A gauge with one label. */
export function labelled(registry: Registry, naming: Naming, label: string, read: () => Series): void {
  new Gauge({
    ...naming,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const [[value = ''], n] of read()) this.set({ [label]: value }, n);
    },
  });
}
