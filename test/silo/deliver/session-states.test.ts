/** Sessions without sockets: in which order they send, what they record, and how they end. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { StateError } from '../../../lib/base/state.ts';
import { DeviceBackoff } from '../../../lib/silo/deliver/session/device-backoff.ts';
import { DeviceRun, type DeviceRunState } from '../../../lib/silo/deliver/session/device-run.ts';
import { EverySession } from '../../../lib/silo/deliver/session/every-session.ts';
import { FirstSession } from '../../../lib/silo/deliver/session/first-session.ts';
import { PendingDevices } from '../../../lib/silo/deliver/session/pending-devices.ts';
import type { SessionContext } from '../../../lib/silo/deliver/session/session.ts';
import { arrowsOf, wayTo } from '../drawing.ts';
import { answerOf } from '../request.ts';
import { BOX, Desk, device } from './desk.ts';

let desk: Desk;

beforeEach(async () => {
  desk = await Desk.open();
});
afterEach(() => desk.store.close());

const first = async (...over: Parameters<Desk['context']>) =>
  new FirstSession(await desk.context(...over)).run();
const every = async (...over: Parameters<Desk['context']>) =>
  new EverySession(await desk.context(...over)).run();
const texts = async () => (await desk.waiting()).map(({ body }) => body.toString());

describe.each([
  ['first', first, FirstSession],
  ['every', every, EverySession],
] as const)('a session to %s', (_, run, Session) => {
  test('sends what waits in order, and ends when the box is empty', async () => {
    await desk.leave('one', 'two', 'three');
    expect(await run()).toMatchObject({ kind: 'empty' });
    expect(desk.sent).toEqual(['one', 'two', 'three']);
    expect(await texts()).toEqual([]);
  });

  test('runs once', async () => {
    const session = new Session(await desk.context());
    await session.run();
    await expect(session.run()).rejects.toThrow(StateError);
  });

  test('delivers no more than its limit', async () => {
    await desk.leave('one', 'two', 'three');
    expect(await run({ limit: 2 })).toEqual({ kind: 'waits' });
    expect(await texts()).toEqual(['three']);
  });

  test('is cut short when it may not go on', async () => {
    await desk.leave('one', 'two');
    expect(await run({ mayGoOn: () => desk.sent.length === 0 })).toEqual({ kind: 'again', ms: 1000 });
    expect(await texts()).toEqual(['two']);
  });

  test('steps over a head that fails for the third time, and finds it guilty when the next one is taken', async () => {
    await failTwice(run);
    desk.answers = (text) => (text === 'bad' ? 480 : 200);
    await desk.leave('two', 'three');
    expect(await run()).toEqual({ kind: 'waits' });
    expect(desk.sent.slice(2)).toEqual(['bad', 'two', 'three']);
    expect(await failures()).toEqual({ attempts: 3, strikes: 1 });
  });

  test('takes it for the fault of the device when the next one fails, too', async () => {
    await failTwice(run);
    desk.answers = () => 480;
    await desk.leave('two', 'three');
    await run();
    expect(desk.sent.slice(2)).toEqual(['bad', 'two']);
    expect(await failures()).toEqual({ attempts: 3, strikes: 0 });
  });

  test('takes it for the fault of the device when nothing is behind it', async () => {
    await failTwice(run);
    expect(await run()).toEqual({ kind: 'waits' });
    expect(desk.sent.slice(2)).toEqual(['bad']);
    expect(await failures()).toEqual({ attempts: 3, strikes: 0 });
  });

  test('records its failure also when the session is cut short before the next one has shown whose fault it was', async () => {
    await failTwice(run);
    await desk.leave('two');
    desk.answers = (text) =>
      text === 'bad' ? 480 : answerOf(503, { origin: 'local', failure: 'disconnected' });
    expect(await run()).toEqual({ kind: 'again', ms: 1000 });
    expect(await failures()).toEqual({ attempts: 3, strikes: 0 });
  });
});

/** The head of the box has failed in two sessions, as that of a device that is away. */
async function failTwice(run: typeof first): Promise<void> {
  await desk.leave('bad');
  desk.answers = () => 480;
  for (let attempt = 0; attempt < 2; attempt++) await run();
  expect(await failures()).toEqual({ attempts: 2, strikes: 0 });
}

/** What stands with the head, or with its device where each device has a back-off of its own. */
async function failures(): Promise<{ attempts: number; strikes: number }> {
  const [head] = await desk.waiting();
  const [state] = await desk.store.deviceStates(BOX);
  const { attempts, strikes } = state ?? head!;
  return { attempts, strikes };
}

test('to first: what is behind a failed message waits with it, until the time of its next attempt', async () => {
  await desk.leave('one', 'two');
  desk.answers = () => answerOf(486, { header: () => '300' });
  expect(await first()).toEqual({ kind: 'until', time: desk.time + 300 });
  expect(desk.sent).toEqual(['one']);
});

const PROXY = '192.0.2.50';
const behindProxy = (number: number) =>
  device(number, { source: { address: PROXY, port: 5060, protocol: 'udp' } });
const closedTo = (address: string) => ({
  wait: (hop: string) => (hop.includes(address) ? 7000 : 0),
  report: () => undefined,
  forget: () => undefined,
});

describe('to first: a message that one device has refused', () => {
  const refusing = (uri: string) => uri.endsWith('.1');
  /** The first device refuses what is bad, the second one answers so. */
  const answering =
    (second: number): Desk['answers'] =>
    (text, { uri }) =>
      refusing(uri) ? (text === 'bad' ? 406 : 200) : second;
  const at = async (...over: Parameters<Desk['context']>) => {
    const before = desk.sent.length;
    const end = await first(...over);
    return { end, sent: desk.sent.slice(before) };
  };
  beforeEach(() => {
    desk.devices = [device(1), device(2)];
  });

  test('and that fails at the other one holds up nobody, and is no suspect', async () => {
    await desk.leave('bad', 'one');
    desk.answers = answering(404);
    expect(await at()).toEqual({ end: { kind: 'waits' }, sent: ['bad', 'bad', 'one'] });
    for (let time = 0; time < 3; time++) {
      await desk.leave('next');
      expect(await at()).toEqual({ end: { kind: 'waits' }, sent: ['next', 'bad'] });
    }
    expect(await desk.waiting()).toMatchObject([{ strikes: 0, lastStatus: 404 }]);
  });

  test('is passed by until its time has come, and then offered after the rest', async () => {
    await desk.leave('bad');
    desk.answers = answering(486);
    await first();
    await desk.leave('one');
    expect(await at({ why: 'accept' })).toEqual({ end: { kind: 'waits' }, sent: ['one'] });
    await desk.leave('two');
    desk.time += 40;
    desk.answers = answering(200);
    expect(await at({ why: 'timer' })).toMatchObject({ end: { kind: 'empty' }, sent: ['two', 'bad'] });
  });

  test('is offered to the other one also when the first one fails at what is behind it', async () => {
    await desk.leave('bad');
    desk.answers = answering(404);
    await first();
    await desk.leave('busy');
    desk.answers = (text, { uri }) => (refusing(uri) ? 486 : text === 'bad' ? 200 : 404);
    expect(await at()).toMatchObject({ end: { kind: 'until' }, sent: ['busy', 'bad'] });
    expect(await texts()).toEqual(['busy']);
  });

  test('waits for a way that is closed, and those behind it do not', async () => {
    await desk.leave('bad', 'one');
    desk.answers = answering(200);
    desk.devices = [device(1), behindProxy(2)];
    const breaker = closedTo(PROXY);
    expect(await at({ breaker })).toEqual({ end: { kind: 'again', ms: 7000 }, sent: ['bad', 'one'] });
    expect(await at()).toMatchObject({ end: { kind: 'empty' }, sent: ['bad'] });
  });
});

test('to first: a way that is closed keeps a message from no other device', async () => {
  desk.devices = [behindProxy(2), device(1)];
  await desk.leave('one', 'two');
  expect(await first({ breaker: closedTo(PROXY) })).toMatchObject({ kind: 'empty' });
  expect(desk.sent).toEqual(['one', 'two']);
  desk.devices = [behindProxy(2)];
  await desk.leave('three');
  expect(await first({ breaker: closedTo(PROXY) })).toEqual({ kind: 'again', ms: 7000 });
});

test('to every: each device has a run of its own, and one that comes meanwhile, too', async () => {
  await desk.leave('one', 'two');
  const got: string[][] = [[], []];
  desk.answers = (text, { uri }) => {
    got[uri.endsWith('.1') ? 0 : 1]!.push(text);
    desk.devices = [device(1), device(2)];
    desk.news();
    return 200;
  };
  expect(await every()).toMatchObject({ kind: 'empty' });
  expect(got).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ]);
});

test('to every: a head that is given up leaves its device a clean sheet', async () => {
  await failTwice(every);
  await desk.leave('two', 'three');
  desk.answers = (text) => ({ bad: 503, two: 480 })[text] ?? 200;
  await every({}, { maxAttempts: 1 });
  expect(await desk.store.ledger()).toMatchObject({ dead: 1, delivered: 1, waiting: 1 });
  expect(await texts()).toEqual(['two']);
  expect(await failures()).toEqual({ attempts: 1, strikes: 0 });
});

describe('the run of a device', () => {
  const drawn = arrowsOf('deliver/session/device-run.ts');
  const STATES = ['due', 'running', 'woken', 'done'] as const satisfies DeviceRunState[];

  /** A run whose one message is answered when the test says so. */
  async function aRun() {
    await desk.leave('one');
    let answer: () => void = () => undefined;
    desk.answers = () => new Promise<number>((resolve) => (answer = () => resolve(200)));
    const run = new DeviceRun(await withPending(await desk.context()), 'urn:uuid:1');
    let running: Promise<unknown> = Promise.resolve();
    const steps: Record<string, () => Promise<void>> = {
      run: async () => {
        const before = desk.sent.length;
        running = run.run();
        await vi.waitFor(() => expect(desk.sent.length).toBeGreaterThan(before));
      },
      wake: () => {
        run.wake();
        return Promise.resolve();
      },
      end: async () => {
        answer();
        await running;
      },
    };
    return { run, steps, end: () => steps['end']!() };
  }

  test('has the states and steps of its drawing', () => {
    expect(new Set(drawn.flatMap(({ from, to }) => [from, to]))).toEqual(new Set(STATES));
    expect(new Set(drawn.map(({ step }) => step))).toEqual(new Set(['run', 'wake', 'end']));
  });

  test.each(drawn)('$from ──$step──► $to', async (arrow) => {
    const { run, steps, end } = await aRun();
    for (const { step } of [...wayTo(drawn, 'due', arrow.from), arrow]) await steps[step]!();
    expect(run.state).toBe(arrow.to);
    await end();
  });

  test.each(['running', 'woken', 'done'] as const)('does not begin when it is "%s"', async (state) => {
    const { run, steps, end } = await aRun();
    for (const { step } of wayTo(drawn, 'due', state)) await steps[step]!();
    await expect(run.run()).rejects.toThrow(`the run of urn:uuid:1: "run" is no step from "${state}"`);
    expect(run.state).toBe(state);
    await end();
  });
});

async function withPending(context: SessionContext) {
  const backoff = new DeviceBackoff(context, await context.store.deviceStates(BOX));
  return { ...context, backoff, pending: new PendingDevices(context, backoff.states) };
}
