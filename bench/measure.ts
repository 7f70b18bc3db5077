/** The measurements on one store: the application in a process of its own, phones around it, all on loopback. */
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/support/free-port.ts';
import { LoadPhone } from '../test/support/load-phone.ts';
import { startProcess } from '../test/support/process.ts';
import { rateOf, type Rate } from './figures.ts';

export interface Figures {
  /** MESSAGE to 202, one sender that waits for each answer. */
  readonly acceptOne: Rate;
  /** The same with many senders at once. */
  readonly acceptMany: Rate;
  /** Messages a second out of full boxes, over many devices. */
  readonly dump: number;
  /** REGISTER to 200, no mail. */
  readonly refresh: Rate;
}

export const SENDERS = 100;
export const DEVICES = 200;
const TEXT = 'x'.repeat(200);

/** @param seconds how long each closed loop runs */
export async function measure(store: string, seconds: number): Promise<Figures> {
  const server = { host: '127.0.0.1', port: await freePort() };
  const foreign = Object.keys(process.env).filter((name) => /^(SILO|DRACHTIO)_/.test(name));
  const app = await startProcess(process.execPath, [fileURLToPath(new URL('../app.js', import.meta.url))], {
    env: {
      ...Object.fromEntries(foreign.map((name) => [name, undefined])),
      SILO_SIP_LISTEN: `${server.host}:${server.port}`,
      SILO_STORE: store,
    },
  });
  const phones: LoadPhone[] = [];
  const crowd = async (count: number, name: string) => {
    const made = await Promise.all(
      Array.from({ length: count }, (_, index) => LoadPhone.start(`${name}${index}@example.org`, server)),
    );
    phones.push(...made);
    return made;
  };
  try {
    await app.line('drachtio-silo ready', { timeoutMs: 15_000 });
    const senders = await crowd(SENDERS, 'sender');
    const devices = await crowd(DEVICES, 'device');

    let box = 0;
    const send = (sender: LoadPhone) => sender.message(`away${box++ % 1000}@example.org`, TEXT);
    const acceptOne = await loop(senders.slice(0, 1), seconds / 2, send, 202);
    const acceptMany = await loop(senders, seconds, send, 202);

    const each = Math.ceil(seconds * 10);
    await fill(senders, devices, each);
    const dump = await empty(devices, each);
    const refresh = await loop(devices, seconds, (device) => device.register(600), 200);
    return { acceptOne, acceptMany, dump, refresh };
  } finally {
    for (const phone of phones) phone.close();
    await app.stop();
  }
}

/** Every phone asks, waits for the answer and asks again. */
async function loop(
  phones: readonly LoadPhone[],
  seconds: number,
  ask: (phone: LoadPhone) => Promise<number>,
  wanted: number,
): Promise<Rate> {
  const durations: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  await Promise.all(
    phones.map(async (phone) => {
      while (performance.now() < end) {
        const asked = performance.now();
        const status = await ask(phone);
        if (status !== wanted) throw new Error(`an answer was ${status}, wanted was ${wanted}`);
        durations.push(performance.now() - asked);
      }
    }),
  );
  return rateOf(durations, (performance.now() - start) / 1000);
}

/** Puts so many messages into the box of each device. */
async function fill(
  senders: readonly LoadPhone[],
  devices: readonly LoadPhone[],
  each: number,
): Promise<void> {
  const todo = devices.flatMap(({ aor }) => Array.from({ length: each }, () => aor));
  await Promise.all(
    senders.map(async (sender) => {
      for (let to = todo.pop(); to !== undefined; to = todo.pop()) await sender.message(to, TEXT);
    }),
  );
}

/** All devices register at once; messages a second until the last has arrived. */
async function empty(devices: readonly LoadPhone[], each: number): Promise<number> {
  const start = performance.now();
  const all = devices.length * each;
  let arrived = 0;
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(
      () => reject(new Error(`${arrived} of ${all} messages arrived within 60 s`)),
      60_000,
    );
    for (const device of devices) {
      device.onMessage = () => {
        if (++arrived < all) return;
        clearTimeout(limit);
        resolve();
      };
      device.register(600).catch(reject);
    }
  });
  return all / ((performance.now() - start) / 1000);
}
