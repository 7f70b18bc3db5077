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
const ROUNDS = 4;
const PASSWORD = 'zanzibar';

type Mode = 'off' | 'on';
interface Cost {
  /** Microseconds of a processor, and of the clock, for each request. */
  readonly cpu: number;
  readonly time: number;
}

export async function auth(seconds: number): Promise<void> {
  const costs = {
    refresh: { off: [] as Cost[], on: [] as Cost[] },
    accept: { off: [] as Cost[], on: [] as Cost[] },
  };
  // One after the other and again: what else the machine does meanwhile hits both.
  for (let round = 0; round < ROUNDS; round++)
    for (const mode of ['off', 'on'] as const) {
      const measured = await withApp(mode, seconds);
      costs.refresh[mode].push(measured.refresh);
      costs.accept[mode].push(measured.accept);
    }
  const rows = (['refresh', 'accept'] as const).flatMap((what) =>
    (['cpu', 'time'] as const).map((kind) => {
      const [off, on] = (['off', 'on'] as const).map((mode) =>
        least(costs[what][mode].map((cost) => cost[kind])),
      );
      const more = ((on ?? NaN) / (off ?? NaN) - 1) * 100;
      const name = `${what}, ${kind === 'cpu' ? 'processor' : 'clock'}, µs each`;
      return [name, (off ?? NaN).toFixed(0), (on ?? NaN).toFixed(0), `${more.toFixed(0)} %`];
    }),
  );
  console.log(`\n${table(['', 'off', 'on', 'more'], rows)}`);
}

/** Of several rounds the one that was disturbed least. */
function least(values: readonly number[]): number {
  return Math.min(...values);
}

async function withApp(mode: Mode, seconds: number) {
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
  try {
    for (const phone of phones) phone.password = PASSWORD;
    const refresh = (phone: LoadPhone) => phone.register(600);
    let box = 0;
    const accept = (phone: LoadPhone) => phone.message(`away${box++ % 1000}@example.org`, 'x'.repeat(200));
    // Compiled, and every phone with its challenge.
    await cost(app, phones, { ask: refresh, seconds: 1 });
    await cost(app, phones, { ask: accept, seconds: 1 });
    return {
      refresh: await cost(app, phones, { ask: refresh, seconds }),
      accept: await cost(app, phones, { ask: accept, seconds }),
    };
  } finally {
    for (const phone of phones) phone.close();
    await app.process.stop();
    folder.remove();
  }
}

interface Load {
  readonly ask: (phone: LoadPhone) => Promise<number>;
  readonly seconds: number;
}

async function cost(app: RunningApp, phones: readonly LoadPhone[], { ask, seconds }: Load): Promise<Cost> {
  const [before, start] = [processorTime(app.process.pid), performance.now()];
  let count = 0;
  await Promise.all(
    phones.map(async (phone) => {
      while (performance.now() - start < seconds * 1000) {
        const status = await ask(phone);
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
