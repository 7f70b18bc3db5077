/** What the measured part of a workload has cost, process by process. */
import type { Role, Running } from '../model.ts';
import type { Sipp } from '../load/sipp.ts';
import { workBetween, type DatabaseMeter, type DatabaseWork } from './database.ts';
import { cpuSeconds, memoryMb } from './processes.ts';

export interface Cost {
  /** Seconds of a processor. */
  readonly cpu: Partial<Record<Role, number>>;
  /** The most that was held, in MB. */
  readonly memory: Partial<Record<Role, number>>;
  readonly database: DatabaseWork | undefined;
  readonly seconds: number;
}

/** How often memory is looked at, in ms. */
const LOOK_MS = 250;

export class Meter {
  readonly #pids: Partial<Record<Role, number>>;
  readonly #sipp: Sipp;
  readonly #database: DatabaseMeter | undefined;

  /** @param database pid and counters of MariaDB, where it works for what is measured */
  constructor(
    running: Running,
    sipp: Sipp,
    database: { readonly pid: number; readonly meter: DatabaseMeter } | undefined,
  ) {
    this.#pids = { ...running.pids, ...(database ? { database: database.pid } : {}) };
    this.#sipp = sipp;
    this.#database = database?.meter;
  }

  async measured<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly cost: Cost }> {
    const memory: Partial<Record<Role, number>> = {};
    const look = () => {
      for (const [role, pid] of this.#entries()) memory[role] = Math.max(memory[role] ?? 0, memoryMb(pid));
    };
    const before = { cpu: this.#cpu(), database: await this.#database?.now(), time: performance.now() };
    look();
    const timer = setInterval(look, LOOK_MS);
    try {
      const value = await work();
      const seconds = (performance.now() - before.time) / 1000;
      look();
      const cpu = Object.fromEntries(
        Object.entries(this.#cpu()).map(([role, spent]) => [role, spent - (before.cpu[role as Role] ?? 0)]),
      ) as Partial<Record<Role, number>>;
      const database =
        before.database && this.#database && workBetween(before.database, await this.#database.now());
      return { value, cost: { cpu, memory, database, seconds } };
    } finally {
      clearInterval(timer);
    }
  }

  #entries(): readonly (readonly [Role, number])[] {
    return Object.entries(this.#pids) as [Role, number][];
  }

  #cpu(): Partial<Record<Role, number>> {
    const spent = this.#entries().map(([role, pid]) => [role, cpuSeconds(pid)]);
    return { ...(Object.fromEntries(spent) as Partial<Record<Role, number>>), load: this.#sipp.cpuSeconds };
  }
}
