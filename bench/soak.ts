/**
 * `npm run soak -- --minutes=N` (default 30): the app in a process of its own under a steady mix of senders, devices that
 * come and go, refusals and expiries. A line every few seconds, then the ledger and the growth of memory; exit code 1 when
 * the ledger does not close. `--store=…` takes another store than a new SQLite file, which must be empty; `--seed=…`
 * repeats the decisions of a run; with `--pause=…` each sender waits at most so many ms between its messages (default 250).
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openStore } from '../lib/stores/open.ts';
import type { Ledger as StoreLedger } from '../lib/stores/contract/message.ts';
import { AppNode } from '../test/support/load/app-node.ts';
import { Ledger } from '../test/support/load/ledger.ts';
import { Load } from '../test/support/load/load.ts';
import { chance } from '../test/support/load/random.ts';
import { freePort } from '../test/support/free-port.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { residentMb } from './memory.ts';
import { Unruly } from './unruly.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    store: { type: 'string' },
    seed: { type: 'string' },
    pause: { type: 'string', default: '250' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes is ${values.minutes}, wanted is a number above 0`);
const LINE_MS = Math.min(5_000, minutes * 15_000);
/** Each sender waits up to so many ms between its messages. */
const PAUSE = Number(values.pause);
if (!(PAUSE >= 0)) throw new Error(`--pause is ${values.pause}, wanted is a number of milliseconds`);

const dice = chance(values.seed === undefined ? undefined : Number(values.seed));
const folder = temporaryFolder('silo-soak');
const store = values.store ?? `sqlite:${join(folder.path, 'silo.db')}`;
const ledger = new Ledger();
const http = `127.0.0.1:${await freePort()}`;
const token = randomUUID();
const app = await AppNode.create({
  store,
  name: 'soak',
  env: { SILO_HTTP_LISTEN: http, SILO_HTTP_TOKEN: token },
});
let load: Load | undefined;
let unruly: Unruly | undefined;
try {
  await app.start();
  await app.ready();
  console.log(`Soak of ${minutes} minutes, --seed=${dice.seed}`);
  load = await Load.start({ nodes: [app], ledger, chance: dice, pause: PAUSE });
  unruly = await Unruly.start(app, dice, PAUSE);
  const memory = await watch(unruly.ledger);
  const remembered = await memories();
  await Promise.all([load.end(), unruly.end()]);
  const end = residentMb(app.pid);
  await app.stop(ledger);
  console.log(`\nremembered at the end: ${remembered}`);
  process.exitCode = report(unruly.ledger, await readLedger(), memory, end) ? 0 : 1;
} finally {
  await app.kill();
  load?.close();
  unruly?.close();
  folder.remove();
}

/** Says how it goes until the time is over; returns the memory after a fifth of it, when caches are warm. */
async function watch(other: Ledger): Promise<number> {
  const begun = performance.now();
  const whole = minutes * 60_000;
  let early = 0;
  for (let past = 0; past < whole; past = performance.now() - begun) {
    await sleep(Math.min(LINE_MS, whole - past));
    const resident = residentMb(app.pid);
    if (early === 0 && performance.now() - begun >= whole / 5) early = resident;
    const [one, two] = [ledger.totals, other.totals];
    const sum = (name: 'sent' | 'acknowledged' | 'delivered' | 'doubled' | 'refused') =>
      one[name] + two[name];
    console.log(
      `${String(Math.round((performance.now() - begun) / 1000)).padStart(6)} s  sent ${sum('sent')}, acknowledged ` +
        `${sum('acknowledged')}, delivered ${sum('delivered')}, refused ${sum('refused')}, doubled ${sum('doubled')}, ${resident} MB`,
    );
  }
  return early;
}

/** How full the memories of the application are; those that are empty are left out. */
async function memories(): Promise<string> {
  const answer = await fetch(`http://${http}/metrics`, { headers: { Authorization: `Bearer ${token}` } });
  const text = await answer.text();
  const of = (metric: string) =>
    new Map(
      [...text.matchAll(new RegExp(`^${metric}\\{memory="([^"]+)"[^}]*\\} (\\d+)$`, 'gm'))].map(
        ([, name = '', value]) => [name, Number(value)],
      ),
    );
  const most = of('silo_memory_most');
  return [...of('silo_memory_entries')]
    .filter(([, entries]) => entries > 0)
    .map(([name, entries]) => `${name} ${entries} of ${most.get(name) ?? '?'}`)
    .join(', ');
}

async function readLedger(): Promise<StoreLedger> {
  const books = await openStore(store);
  try {
    return await books.ledger();
  } finally {
    await books.close();
  }
}

/** Does the ledger close? */
function report(other: Ledger, books: StoreLedger, early: number, end: number): boolean {
  const [one, two] = [ledger.totals, other.totals];
  const accepted = one.stored + two.stored;
  const taken = one.storedDelivered + two.storedDelivered;
  const { waiting, delivered, expired, dead, erased } = books;
  const broken = [
    ...ledger.broken,
    ...other.broken,
    ...(one.lost > 0 ? [`${one.lost} acknowledged messages never arrived`] : []),
    ...(one.unanswered + two.unanswered > 0
      ? [`${one.unanswered + two.unanswered} messages got no answer`]
      : []),
    ...(delivered === taken ? [] : [`the store says ${delivered} delivered, the phones took ${taken}`]),
    ...(accepted === waiting + delivered + expired + dead + erased ? [] : ['the sum of the ledger is wrong']),
  ];
  console.log(
    `\naccepted ${accepted} = delivered ${delivered} + waiting ${waiting} + dead ${dead} + expired ${expired} + erased ${erased}`,
  );
  console.log(
    `live ${one.acknowledged + two.acknowledged - accepted}, refused ${one.refused + two.refused}, doubled ` +
      `${one.doubled + two.doubled}, lost ${one.lost}, longest time without a 2xx ${one.outage} ms`,
  );
  const growth = early === 0 ? 0 : Math.round((end / early - 1) * 100);
  console.log(`memory ${early} MB after a fifth of the time, ${end} MB at the end (${growth} %)`);
  for (const sentence of broken) console.log(`BROKEN: ${sentence}`);
  console.log(broken.length === 0 ? 'The ledger is closed.' : 'The ledger does not close.');
  return broken.length === 0;
}
