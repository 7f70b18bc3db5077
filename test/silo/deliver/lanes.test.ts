/** The lanes of a node without sockets: who has a turn when, and what becomes of a box when something goes wrong. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onLog } from '../../../lib/base/log.ts';
import { assertState } from '../../../lib/base/state.ts';
import { Lanes, type LanesContext } from '../../../lib/silo/deliver/lane/lanes.ts';
import type { SiloSettings } from '../../../lib/silo/state/options.ts';
import { aMessage } from '../../stores/contract/messages.ts';
import { BOX, Desk, device } from './desk.ts';

let desk: Desk;
let lanes: Lanes;
let connected: () => boolean;
let logged: string[];
let stopLog: () => void;

beforeEach(async () => {
  desk = await Desk.open();
  connected = () => true;
  logged = [];
  stopLog = onLog((level, room, text) => level === 'debug' || logged.push(`${level} ${room} ${text}`));
});
afterEach(async () => {
  stopLog();
  await lanes.close(100);
  await desk.store.close();
});

async function start(settings: Partial<SiloSettings> = {}): Promise<void> {
  const { lease, port, ...context } = await desk.context({}, settings);
  await desk.store.release(lease);
  const bindings = {
    find: (aor: string) => Promise.resolve(desk.devices.map((one) => ({ ...one, aor }))),
    among: (aors: readonly string[]) => Promise.resolve(aors),
  };
  const whole: LanesContext = {
    ...context,
    owner: 'one',
    bindings,
    boxes: desk.boxes,
    quarantine: { held: false, holds: () => Promise.resolve(false) },
    port: { ...port, connected: () => connected(), server: () => 'udp/192.0.2.100:5060' },
  };
  lanes = new Lanes(whole);
}
const sent = (...texts: string[]) => vi.waitFor(() => expect(desk.sent).toEqual(texts), { timeout: 8000 });
const rest = () => vi.waitFor(() => expect(lanes.active).toBe(0));

test('a box that is woken is served, and then its lane is gone', async () => {
  await start();
  await desk.leave('one', 'two');
  lanes.wake(BOX, 'register');
  expect(lanes.active).toBe(1);
  await sent('one', 'two');
  await rest();
  expect(await desk.store.claim(BOX, 'other', 15)).toHaveProperty('lease');
});

test('a box that is woken while it is served is served again, once for all wakes', async () => {
  await start();
  await desk.leave('one');
  desk.answers = async (text) => {
    if (text === 'one') {
      await desk.leave('two');
      for (const why of ['accept', 'tail', 'accept'] as const) lanes.wake(BOX, why);
    }
    return 200;
  };
  lanes.wake(BOX, 'register');
  await sent('one', 'two');
  await rest();
});

test('so many boxes have their turn at a time, and the domains take turns', async () => {
  await start({ maxLanes: 1 });
  const boxes = ['a@big.example', 'b@big.example', 'c@big.example', 'd@small.example'];
  for (const box of boxes) await desk.store.accept(aMessage(box, { body: Buffer.from(box) }));
  let most = 0;
  let now = 0;
  desk.answers = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    return 200;
  };
  for (const box of boxes) lanes.wake(box, 'register');
  await sent('a@big.example', 'b@big.example', 'd@small.example', 'c@big.example');
  expect(most).toBe(1);
});

test('the limit of a wake is for one session, whatever wakes the box meanwhile', async () => {
  await start();
  await desk.leave('one', 'two', 'three');
  lanes.wake(BOX, 'register', 1);
  await sent('one');
  await rest();
  desk.answers = (text) => {
    if (text === 'two') lanes.wake(BOX, 'register', 0);
    return 200;
  };
  lanes.wake(BOX, 'register', 1);
  await sent('one', 'two');
  await rest();
  lanes.wake(BOX, 'register');
  await sent('one', 'two', 'three');
});

test('a box whose devices another node reaches is left to it by the sweep, and by nothing else', async () => {
  await start();
  await desk.leave('one');
  desk.devices = [device(1, { server: 'udp/192.0.2.200:5060' })];
  lanes.wake(BOX, 'tail');
  await rest();
  lanes.wake(BOX, 'timer');
  expect(lanes.active).toBe(0);
  desk.devices = [device(1)];
  lanes.wake(BOX, 'tail');
  await sent('one');
});

test('a fault of ours in a turn is logged with its place, and the box is served all the same', async () => {
  await start();
  await desk.leave('one');
  let faults = 0;
  connected = () => {
    if (faults++ === 0) assertState('the lane of bob@example.org', 'lease', 'idle', ['claiming']);
    return true;
  };
  lanes.wake(BOX, 'register');
  await vi.waitFor(() => expect(logged).toHaveLength(1));
  expect(logged[0]).toMatch(
    /^error silo:lane StateError: the lane of bob@example\.org: "lease" is no step from "idle", only from "claiming"\n +at /,
  );
  await sent('one');
});

test('a store that is away is no fault of ours: one line says so', async () => {
  await start();
  await desk.leave('one');
  await desk.store.close();
  lanes.wake(BOX, 'register');
  await vi.waitFor(() => expect(logged).toHaveLength(1));
  expect(logged[0]).toMatch(/^warn silo:lane the box of bob@example\.org could not be served: [^\n]+$/);
  await rest();
});

test('closing starts nothing more, and waits for what is in flight', async () => {
  await start();
  await desk.leave('one', 'two');
  let answer: () => void = () => undefined;
  desk.answers = () => new Promise<number>((resolve) => (answer = () => resolve(200)));
  lanes.wake(BOX, 'register');
  await sent('one');
  const closed = lanes.close(5000);
  lanes.wake('carol@example.org', 'register');
  answer();
  await closed;
  expect(desk.sent).toEqual(['one']);
  expect((await desk.waiting()).map(({ body }) => body.toString())).toEqual(['two']);
  expect(logged).toEqual([]);
});

test('a lease that surely holds no longer is told as lost, and nothing more is sent with it', async () => {
  // The database counts whole seconds: of a lease of one second none is sure.
  await start({ leaseTime: 1 });
  const lost: string[] = [];
  desk.events.on('leaseLost', ({ box }) => lost.push(box));
  await desk.leave('one');
  lanes.wake(BOX, 'register');
  await vi.waitFor(() => expect(lost).toContain(BOX));
  expect(desk.sent).toEqual([]);
});
