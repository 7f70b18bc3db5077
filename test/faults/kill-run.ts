/** The app under load, killed again and again at moments that a seed decides. */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import { Ledger } from './ledger.ts';
import { LoadPhone } from '../support/load-phone.ts';

export interface KillRun {
  readonly store: string;
  readonly kills: number;
  readonly seed: number;
}

const SENDERS = 6;
/** How the boxes' devices behave while the load runs; at the end all are registered. */
const BOXES = [
  ...Array.from({ length: 8 }, () => ['comes and goes']),
  ...Array.from({ length: 4 }, () => ['stays']),
  ...Array.from({ length: 3 }, () => ['stays', 'comes and goes']),
  ...Array.from({ length: 3 }, () => ['stays away']),
] as const;

/** Runs until every acknowledged message has arrived, or for so long that it never will. */
export async function killRun({ store, kills, seed }: KillRun): Promise<Ledger> {
  const random = randomFrom(seed);
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least));
  const server = { host: '127.0.0.1', port: await freePort() };
  const ledger = new Ledger();
  const phones: LoadPhone[] = [];
  let app: RunningProcess | undefined;
  let loaded = true;

  async function start(): Promise<void> {
    app = await startProcess(process.execPath, ['dist/app.js'], {
      env: {
        SILO_CONFORMANCE_SIP: undefined,
        SILO_CONFORMANCE_ADMIN: undefined,
        SILO_CONFORMANCE_SECRET: undefined,
        SILO_SIP_LISTEN: `${server.host}:${server.port}`,
        SILO_STORE: store,
        // The shortest that there is: a box whose node was killed waits this long for another one.
        SILO_LEASE_TIME: '3',
      },
    });
  }

  async function kill(): Promise<void> {
    app?.kill('SIGKILL');
    await app?.exited;
  }

  /** All that the killed one had sent is read by the time the next one speaks; only then a new epoch begins. */
  async function restart(): Promise<void> {
    await start();
    await sleep(20);
    ledger.kills++;
  }

  async function phone(aor: string): Promise<LoadPhone> {
    const made = await LoadPhone.start(aor, server, 150);
    phones.push(made);
    return made;
  }

  async function registered(device: LoadPhone): Promise<void> {
    while ((await device.register(3600)) !== 200) await sleep(20);
  }

  async function live(device: LoadPhone, habit: string): Promise<void> {
    if (habit === 'stays away') return;
    await registered(device);
    while (loaded && habit === 'comes and goes') {
      await sleep(between(300, 2500));
      await device.register(0);
      await sleep(between(300, 2500));
      await registered(device);
    }
  }

  async function send(sender: LoadPhone, boxes: readonly string[]): Promise<void> {
    while (loaded) {
      const long = random() < 0.05 ? between(4_000, 8_000) : between(0, 400);
      const { id, body } = ledger.send('x'.repeat(long));
      ledger.answer(id, await sender.message(boxes[between(0, boxes.length)] ?? '', body));
      await sleep(between(0, 25));
    }
  }

  try {
    await start();
    await app?.line('drachtio-silo ready', { timeoutMs: 15_000 });
    const boxes = BOXES.map((_, index) => `user${index}@example.org`);
    const devices: LoadPhone[] = [];
    const work: Promise<void>[] = [];
    for (const [index, habits] of BOXES.entries()) {
      for (const [number, habit] of habits.entries()) {
        const device = await phone(boxes[index] ?? '');
        const name = `${device.aor} (device ${number + 1})`;
        device.onMessage = ({ callId, body }) => ledger.arrive(name, callId, body);
        devices.push(device);
        work.push(live(device, habit));
      }
    }
    for (let number = 0; number < SENDERS; number++)
      work.push(send(await phone(`sender${number}@example.org`), boxes));

    for (let killed = 0; killed < kills; killed++) {
      // Now and then while it is still starting, else in the middle of its work.
      if (random() < 0.2) await sleep(between(0, 500));
      else {
        await app?.line('drachtio-silo ready', { timeoutMs: 15_000 });
        await sleep(between(200, 1800));
      }
      await kill();
      await restart();
    }
    await app?.line('drachtio-silo ready', { timeoutMs: 15_000 });
    loaded = false;
    await Promise.all(work);
    await Promise.all(devices.map(registered));
    const limit = performance.now() + 40_000;
    while (ledger.totals.lost > 0 && performance.now() < limit) await sleep(100);
    // What is sent once too often would come now.
    await sleep(1_000);
    const { code } = (await app?.stop(10_000)) ?? { code: null };
    if (code !== 0) ledger.faults.push(`the app ended with code ${code ?? 'none'} after SIGTERM`);
  } finally {
    loaded = false;
    await kill();
    for (const made of phones) made.close();
  }
  return ledger;
}

/** mulberry32: small, and the same on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
