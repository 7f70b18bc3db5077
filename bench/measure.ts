/** The measurements on one store: the application in a process of its own or in several, phones around it, all on loopback. */
import { startApp, type RunningApp } from '../test/support/app.ts';
import { LoadPhone } from '../test/support/load-phone.ts';
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

/**
 * @param seconds how long each closed loop runs
 * @param count of nodes on the store; the phones are dealt out among them
 */
export async function measure(store: string, seconds: number, count = 1): Promise<Figures> {
  const nodes: RunningApp[] = [];
  const phones: LoadPhone[] = [];
  const crowd = async (size: number, name: string) => {
    const made = await Promise.all(
      Array.from({ length: size }, (_, index) => {
        const node = nodes[index % nodes.length];
        if (!node) throw new Error('there is no node');
        return LoadPhone.start(`${name}${index}@example.org`, node.server);
      }),
    );
    phones.push(...made);
    return made;
  };
  try {
    for (let index = 0; index < count; index++)
      nodes.push(await startApp({ SILO_LIMITS: 'no', SILO_STORE: store, SILO_NODE: `node${index}` }));
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
    for (const node of nodes) await node.process.stop();
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
