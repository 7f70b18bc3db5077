/** A bad network, and a SIP server that goes away: messages arrive all the same, in order, each with one Call-ID. */
import { afterEach, expect, test, vi } from 'vitest';
import { startNode, type TestNode, type TestNodeOptions } from '../support/node.ts';
import { Ledger } from '../support/load/ledger.ts';
import { Load } from '../support/load/load.ts';
import { LoadPhone } from '../support/load-phone.ts';
import { chance, type Chance } from '../support/load/random.ts';
import { turns, until } from '../support/until.ts';

const LIMIT = 180_000;
const DEVICES = 20;
const MESSAGES = 15;

let node: TestNode | undefined;
let phones: LoadPhone[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const phone of phones) phone.close();
  phones = [];
  await node?.close();
  node = undefined;
});

async function start(options: TestNodeOptions = {}): Promise<TestNode> {
  return (node = await startNode({ ...options, silo: { leaseTime: 3, ...options.silo } }));
}

async function phone(aor: string, server: TestNode['server']): Promise<LoadPhone> {
  const made = await LoadPhone.start(aor, server);
  phones.push(made);
  return made;
}

function say(what: string, { totals }: Ledger, { seed }: Chance): void {
  const figures = Object.entries(totals).map(([name, count]) => `${name} ${count}`);
  console.log(`${what}: ${figures.join(', ')} (FAULT_SEED=${seed})`);
}

const allArrived = (ledger: Ledger) => until(() => ledger.totals.lost === 0, LIMIT / 2);

test(
  'a dump of 300 messages survives a network that loses, delays, reorders and doubles datagrams',
  { timeout: LIMIT },
  async () => {
    // Ten times as fast as life: as many repeats, in a tenth of the time.
    const { front, server, store } = await start({ front: { timers: { T1: 50, T2: 400, F: 3_200 } } });
    const dice = chance();
    console.log(`bad network: FAULT_SEED=${dice.seed}`);
    const ledger = new Ledger();
    const boxes = Array.from({ length: DEVICES }, (_, index) => `user${index}@example.org`);
    const alice = await phone('alice@example.org', server);
    const leave = (box: string) => {
      const { id, body } = ledger.send('stored');
      return alice.message(box, body).then((status) => ledger.answer(id, status));
    };
    for (let sent = 0; sent < MESSAGES; sent++) await Promise.all(boxes.map(leave));

    // The front end throws its dice with Math.random.
    vi.spyOn(Math, 'random').mockImplementation(() => dice.next());
    Object.assign(front.faults, { udpLoss: 0.2, udpDelay: 20, udpReorder: 0.2, udpTwice: 0.1 });
    for (const box of boxes) {
      const device = await phone(box, server);
      device.onMessage = ({ callId, body }) => ledger.arrive(box, callId, body);
      expect(await device.register(3600)).toBe(200);
    }
    // Meanwhile the sender goes on, over the same network.
    for (const box of boxes) await leave(box);
    await allArrived(ledger);
    // What is sent once too often comes before what is sent now.
    for (const box of boxes) await leave(box);
    await allArrived(ledger);

    say('UDP loses 20 %, delays, reorders and doubles', ledger, dice);
    expect(ledger.totals).toMatchObject({
      acknowledged: DEVICES * (MESSAGES + 2),
      unanswered: 0,
      refused: 0,
    });
    // An answer may be lost until the transaction is over: then the message is sent again, and that is all.
    expect(ledger.broken.filter((fault) => !fault.endsWith('twice without a fault'))).toEqual([]);
    await until(async () => expect((await store.ledger()).waiting).toBe(0));
  },
);

interface Round {
  readonly rounds: number;
  /** Senders give up a request after so many ms. */
  readonly patience?: number;
  readonly fault: (front: TestNode['front']) => Promise<void> | void;
}

async function underLoad(what: string, { rounds, fault, ...options }: Round): Promise<Ledger> {
  const { front, server, store } = await start();
  const dice = chance();
  const ledger = new Ledger();
  const nodes = [{ name: '', server }];
  const load = await Load.start({ nodes, ledger, chance: dice, ...options });
  try {
    for (let round = 0; round < rounds; round++) {
      await load.goesOn(dice.between(10, 150));
      await fault(front);
      // All that was sent before has been read by the time the app is connected again.
      await turns();
      ledger.fault();
    }
    await load.end();
    // A copy of what a device had taken in the moment of the cut waits for its back-off; nobody misses it.
    await until(async () => expect((await store.ledger()).waiting).toBe(0), LIMIT / 2);
  } finally {
    load.close();
  }
  say(what, ledger, dice);
  expect(ledger.broken, `FAULT_SEED=${dice.seed}`).toEqual([]);
  expect(ledger.totals).toMatchObject({ lost: 0, faults: rounds });
  expect(ledger.totals.acknowledged).toBeGreaterThan(5 * rounds);
  expect(await store.ledger()).toMatchObject({ waiting: 0, expired: 0, dead: 0, erased: 0 });
  return ledger;
}

test('the SIP server restarts 12 times under load: nothing is lost', { timeout: LIMIT }, async () => {
  const { totals } = await underLoad('the front end restarts', {
    rounds: 12,
    fault: (front) => front.restart(),
  });
  expect(totals.unanswered).toBe(0);
});

test(
  'the connection of the app is cut 12 times under load: nothing is lost',
  { timeout: LIMIT },
  async () => {
    // A request that the app had in hand stays without an answer, as at a drachtio-server: its sender gives it up.
    await underLoad('the front end cuts the app off', {
      rounds: 12,
      patience: 2_000,
      fault: (front) => front.dropApps(),
    });
  },
);
