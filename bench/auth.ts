/**
 * `npm run bench -- --auth`: what it costs to ask for passwords. The same phones send the same with SILO_AUTH off and on; a phone uses its
 * challenge again and again, as phones do. Processor time is that of the application's process, read from the system.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { subscriberOf } from '../lib/auth/users/subscriber.ts';
import { openStore } from '../lib/stores/open.ts';
import { startApp, type RunningApp } from '../test/support/app.ts';
import { LoadPhone } from '../test/support/load-phone.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { table } from './figures.ts';

const PHONES = 20;
/** Slices of load in which the two take turns: what else the machine does hits both alike. */
const TURNS = 40;
const PASSWORD = 'zanzibar';

const MODES = ['off', 'on'] as const;
const WORK = ['refresh', 'accept'] as const;

interface Cost {
  /** Microseconds of a processor, and of the clock, for each request. */
  readonly cpu: number;
  readonly time: number;
}

export async function auth(seconds: number): Promise<void> {
  const apps = await Promise.all(MODES.map(open));
  const costs = new Map<string, Cost[]>();
  try {
    for (const what of WORK)
      for (let turn = 0; turn < TURNS; turn++)
        for (const app of apps) {
          const measured = await cost(app, what, (seconds * 1_000) / TURNS);
          // The first one compiles, and gives every phone its challenge.
          if (turn > 0)
            costs.set(`${what} ${app.mode}`, [...(costs.get(`${what} ${app.mode}`) ?? []), measured]);
        }
  } finally {
    for (const app of apps) await app.close();
  }
  const rows = WORK.flatMap((what) =>
    (['cpu', 'time'] as const).map((kind) => {
      const [off = NaN, on = NaN] = MODES.map((mode) =>
        median((costs.get(`${what} ${mode}`) ?? []).map((cost) => cost[kind])),
      );
      const name = `${what}, ${kind === 'cpu' ? 'processor' : 'clock'}, µs each`;
      return [name, off.toFixed(0), on.toFixed(0), `${((on / off - 1) * 100).toFixed(0)} %`];
    }),
  );
  console.log(`\n${table(['', 'off', 'on', 'more'], rows)}`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

interface Measured {
  readonly mode: (typeof MODES)[number];
  readonly app: RunningApp;
  readonly phones: readonly LoadPhone[];
  close(): Promise<void>;
}

async function open(mode: Measured['mode']): Promise<Measured> {
  const folder = temporaryFolder('silo-bench-auth');
  const url = `sqlite:${join(folder.path, 'silo.db')}`;
  const store = await openStore(url);
  for (let nth = 0; nth < PHONES; nth++)
    await store.putSubscriber(subscriberOf(`phone${nth}@example.org`, PASSWORD));
  await store.close();
  const app = await startApp({ SILO_LIMITS: 'no', SILO_STORE: url, SILO_AUTH: mode });
  const phones = await Promise.all(
    Array.from({ length: PHONES }, (_, nth) => LoadPhone.start(`phone${nth}@example.org`, app.server)),
  );
  for (const phone of phones) phone.password = PASSWORD;
  const close = async () => {
    for (const phone of phones) phone.close();
    await app.process.stop();
    folder.remove();
  };
  return { mode, app, phones, close };
}

let box = 0;
const ASK = {
  refresh: (phone: LoadPhone) => phone.register(600),
  accept: (phone: LoadPhone) => phone.message(`away${box++ % 1000}@example.org`, 'x'.repeat(200)),
};

async function cost({ app, phones }: Measured, what: keyof typeof ASK, limit: number): Promise<Cost> {
  const [before, start] = [processorTime(app.process.pid), performance.now()];
  let count = 0;
  await Promise.all(
    phones.map(async (phone) => {
      while (performance.now() - start < limit) {
        const status = await ASK[what](phone);
        if (status < 200 || status > 299) throw new Error(`an answer was ${status}`);
        count++;
      }
    }),
  );
  const time = (performance.now() - start) * 1000;
  return { cpu: (processorTime(app.process.pid) - before) / count, time: time / count };
}

/** Microseconds that a process has used, in all its threads. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const perSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  return ((Number(fields[11]) + Number(fields[12])) / perSecond) * 1_000_000;
}
