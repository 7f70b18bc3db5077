/**
 * Calls of every method of a store, so that each of its statements is sent at least once. The compiler wants a new method
 * here; a method with several statements is called in several ways.
 */
import type { Lease } from '../../../lib/stores/contract/leases.ts';
import { REMOVED } from '../../../lib/stores/contract/mending.ts';
import type { Store } from '../../../lib/stores/contract/store.ts';
import type { OwnTable, PassedTable } from '../../../lib/stores/contract/persons.ts';
import { OWN, PASSED } from '../../../lib/stores/shared/person-rows.ts';
import { acceptRules as rules } from './accept-rules.ts';
import { aBinding, aMessage, aRegister } from './messages.ts';
import { aSubscription } from './mwi.ts';
import { aSubscriber } from './users.ts';

/** Boxes, nodes and times as the filling of the test makes them. */
export interface Filled {
  readonly now: number;
  readonly box: string;
  readonly mailbox: string;
  /** Of a dead letter, and of a message. */
  readonly dead: number;
  readonly id: number;
  readonly key: string;
  readonly node: string;
  readonly run: string;
}

type Calls = {
  readonly [M in keyof Omit<Store, 'name'>]: (store: Store, filled: Filled) => Promise<unknown>;
};

const LEASE = 30;
const OWN_TABLES = Object.keys(OWN) as readonly OwnTable[];
const PASSED_TABLES = Object.keys(PASSED) as readonly PassedTable[];
async function leased(store: Store, box: string, work: (lease: Lease) => Promise<unknown>): Promise<void> {
  const claim = await store.claim(box, 'tester', LEASE);
  if (!('lease' in claim)) throw new Error(`${box} is held`);
  await work(claim.lease);
  await store.release(claim.lease);
}

export const EVERY_METHOD: Calls = {
  accept: async (store, { box }) => {
    const limit = { messages: 3, bytes: 300 };
    const receipt = { kind: 'receipt', thread: 'a'.repeat(64) } as const;
    for (const overflow of ['reject', 'drop-receipts', 'drop-oldest'] as const)
      await store.accept(aMessage(box), rules({ box: limit, overflow }));
    await store.accept(aMessage(box), rules({ domain: limit }));
    const many = { messages: 20, bytes: 50_000 };
    for (let count = 0; count < 11; count++) await store.accept(aMessage(box), rules({ box: many }));
    await store.accept(aMessage(box), rules({ box: many, domain: many, share: 1 }));
    await store.accept(
      aMessage(box, receipt),
      rules({ box: limit, replaces: [receipt.thread], receipts: 2 }),
    );
    await store.accept(aMessage(box, receipt), rules({ replaces: [receipt.thread] }));
  },
  addNonceKey: (store, { now }) => store.addNonceKey({ secret: 'f'.repeat(64), made: now }),
  acceptAll: (store, { box }) => store.acceptAll([aMessage(box), aMessage(box)]),
  bodiesNotBy: async (store, { id, dead }) => {
    await store.bodiesNotBy('one', 'silo', id - 100, id);
    await store.bodiesNotBy('one', 'silo_dead', dead - 100, dead);
  },
  bodyIds: async (store, { id }) => {
    await store.bodyIds('silo', id, 100);
    await store.bodyIds('silo_dead', 0, 100);
  },
  reseal: async (store, { id, dead, key }) => {
    const message = { key, body: Buffer.from('x'), headers: '', seal: 'one' };
    await store.reseal('silo', [{ message: { ...message, id }, was: undefined }]);
    await store.reseal('silo_dead', [{ message: { ...message, id: dead }, was: 'one' }]);
  },
  addBodyKey: (store) => store.addBodyKey('one', 'proof'),
  askToForget: (store, { box, node }) => store.askToForget(box, [node, 'other']),
  allCounted: (store, { now }) => store.allCounted(now),
  adopt: async (store, { now, box }) => {
    const [row] = await store.foreign(1);
    await store.adopt([{ id: row!.id, key: 'f'.repeat(64), box, incTime: now, expTime: now + 100 }]);
  },
  beat: (store, { node, run }) => store.beat({ node, run, process: 'p', server: 's', version: 'v' }),
  beginSubmission: async (store, { now }) => {
    const submitting = { name: 'f'.repeat(64), content: 'f'.repeat(64), owner: 'node/run', since: now };
    await store.beginSubmission(submitting);
    await store.beginSubmission(submitting);
  },
  bindings: (store, { now, box }) => store.bindings(box, now),
  boxHeads: (store, { id }) => store.boxHeads([id, id + 1]),
  boxPage: async (store) => {
    for (const order of ['waiting', 'oldest', 'name'] as const)
      for (const domain of ['', 'example.org']) {
        const [first] = await store.boxPage(order, domain, 100);
        await store.boxPage(order, domain, 100, first);
      }
  },
  boxTotals: async (store) => {
    await store.boxTotals('');
    await store.boxTotals('example.org');
  },
  boxes: (store, { box }) => store.boxes(box, 1000),
  cancel: async (store, { now, box }) => {
    const page = await store.reminders(box, now, 5);
    await store.cancel(
      page.map(({ id }) => id),
      now,
    );
  },
  quarantine: (store) => store.quarantine(),
  beginQuarantine: (store, { now }) => store.beginQuarantine(now),
  endQuarantine: (store) => store.endQuarantine(),
  bodyKeys: (store) => store.bodyKeys(),
  claim: (store, { box }) => store.claim(box, 'tester', LEASE),
  close: () => Promise.resolve(),
  // By hand: it rewrites the whole file.
  compact: () => Promise.resolve(),
  contents: async (store, { box }) => {
    const [first] = await store.contents(box, 'facts', 100);
    await store.contents(box, 'whole', 100, first);
  },
  countBoxes: async (store, { box }) => {
    await store.countBoxes([box, 'nobody@example.org']);
    await store.acceptAll([aMessage('counted@example.org', { key: 'c'.repeat(64) })]);
    await store.countBoxes(['counted@example.org']);
    const [message] = await store.contents('counted@example.org', 'facts', 1);
    await store.settleByKey(message!.key, { outcome: 'delivered', status: 200, reason: '' });
    await store.countBoxes(['counted@example.org']);
  },
  countedBox: (store) => store.countedBox('user7@example.org'),
  deadById: (store, { dead }) => store.deadById(dead),
  deadByKey: (store, { box, key }) => store.deadByKey(box, key),
  deadLetters: async (store, { box, dead }) => {
    await store.deadLetters('', dead, 100);
    await store.deadLetters(box, 0, 100);
  },
  defer: (store, { box, id, now }) =>
    leased(store, box, (lease) =>
      store.defer(lease, id, { nextTime: now + 9, status: 486, strike: true, refusedBy: 'x', since: 0 }),
    ),
  deviceStates: (store, { box }) => store.deviceStates(box),
  dropDead: (store, { dead, now }) => store.dropDead([dead + 1], now),
  dropSubmission: (store) => store.dropSubmission('f'.repeat(64), 'node/run'),
  due: async (store, { now }) => {
    const page = await store.due(now, undefined, 1000);
    await store.due(now, page.at(-1), 1000);
  },
  dueDevices: async (store, { now }) => {
    const page = await store.dueDevices(now, undefined, 1000);
    await store.dueDevices(now, page.at(-1), 1000);
  },
  endSubmission: (store, { key }) => store.endSubmission(key, { outcome: 'stored', id: 7 }),
  endVanished: (store) => store.endVanished('', 1000),
  eraseOwn: async (store) => {
    for (const table of OWN_TABLES) await store.eraseOwn(table, 'user11@example.org');
  },
  eraseRows: async (store) => {
    for (const table of PASSED_TABLES) {
      const rows = await store.namingRows(table, undefined, 2);
      await store.eraseRows(
        table,
        rows.map(({ key }) => key),
      );
    }
  },
  expire: (store, { now }) => store.expire(now, 50),
  expireBindings: (store, { now }) => store.expireBindings(now, 50),
  expireDead: (store, { now }) => store.expireDead(now, 50),
  expirePublications: (store, { now }) => store.expirePublications(now, 50),
  expireSubscriptions: (store, { now }) => store.expireSubscriptions(now, 50),
  foreign: (store) => store.foreign(1000),
  forget: (store, { now }) => store.forget(now, 50),
  forgetDevices: (store, { now }) => store.forgetDevices(now, 50),
  forgetMailboxes: (store, { now }) => store.forgetMailboxes(now - 90, now - 90),
  forgetNodes: (store) => store.forgetNodes(1_000_000),
  forgetNonceKeys: (store) => store.forgetNonceKeys(5),
  forgetSubmissions: (store, { now }) => store.forgetSubmissions(now, 50),
  forgetTurns: (store, { now }) => store.forgetTurns(now, 50),
  holdDevice: (store, { now, box }) =>
    leased(store, box, (lease) =>
      store.holdDevice(lease, 'urn:x', now, { attempts: 1, strikes: 1, nextTime: now, lastStatus: 486 }),
    ),
  haveForgotten: (store, { box, node }) => store.haveForgotten(node, [box]),
  heldBoxes: (store, { box }) => store.heldBoxes([box, 'lease7']),
  heldBy: (store) => store.heldBy('owner-1', 100),
  hasSubscriber: (store) => store.hasSubscriber(),
  holdsMail: (store, { now, box }) => store.holdsMail(box, now),
  knowDevice: (store, { now, box }) => store.knowDevice(box, 'urn:x', now, now + 100),
  lastId: (store) => store.lastId(),
  load: (store) => Promise.resolve(store.load()),
  oldest: (store) => store.oldest(),
  lastMailboxChange: (store) => store.lastMailboxChange(),
  leaveNode: (store, { node, run }) => store.leaveNode(node, run),
  ledger: (store) => store.ledger(),
  ledgerBetween: (store, { key }) => store.ledgerBetween(key, `${key.slice(0, -1)}f`, 100),
  mailboxChanges: (store) => store.mailboxChanges(10, 1000),
  mailboxStates: (store, { now, mailbox, box }) => store.mailboxStates([mailbox, box], now),
  messageById: (store, { id }) => store.messageById(id),
  messageByKey: (store, { key }) => store.messageByKey(key),
  moveFrom: async (store, { now }) => {
    const box = 'user8@example.org';
    const page = await store.contents(box, 'whole', 2);
    await store.moveFrom(
      box,
      page.map((message) => ({ ...message, box: 'moved@example.org' })),
      now,
    );
  },
  namingRows: async (store) => {
    for (const table of PASSED_TABLES) {
      const [row] = await store.namingRows(table, undefined, 100);
      await store.namingRows(table, row?.key, 100);
    }
  },
  nodes: (store) => store.nodes(),
  nonceKeys: (store) => store.nonceKeys(),
  orphans: (store) => store.orphans('tester', 100),
  ownRows: async (store) => {
    for (const table of OWN_TABLES) await store.ownRows(table, 'user11@example.org');
  },
  park: (store, { now, box }) => store.park(box, now, now + 5),
  parkDevices: (store, { now, box }) => store.parkDevices(box, now),
  ping: (store) => store.ping(),
  plainRows: async (store, { key }) => {
    for (const table of ['silo_ledger', 'mwi_publication', 'mwi_subscription'] as const)
      await store.plainRows(table, [key, 'x']);
    await store.plainRows('mwi_change', [7, 8]);
  },
  publish: async (store, { now, mailbox }) => {
    const change = { mailbox, publisher: 'vm', replace: true, body: 'x', expires: now + 50, now };
    await store.publish({ ...change, ifMatch: undefined, tag: 'new-tag' });
    await store.publish({ ...change, ifMatch: 'new-tag', tag: 'newer-tag' });
  },
  putSubscriber: (store) => store.putSubscriber(aSubscriber('user7')),
  refreshSubscription: (store) => {
    const { target, remoteCseq, localCseq, expires, updated, source, moved } = aSubscription('x');
    return store.refreshSubscription('0'.repeat(32), {
      ...{ target, remoteCseq, localCseq, expires, updated, source, moved },
    });
  },
  register: async (store, { now, box }) => {
    const binding = aBinding(box, 'sip:bob@192.0.2.9', { expires: now + 100, updated: now });
    await store.register(aRegister(box, [binding], { now }));
    await store.register(aRegister(box, [{ ...binding, expires: 0 }], { now, cseq: 2 }));
  },
  registeredAmong: (store, { now, box, mailbox }) => store.registeredAmong([box, mailbox], now),
  release: (store, { box }) => leased(store, box, () => Promise.resolve()),
  reminders: async (store, { now, box }) => {
    const page = await store.reminders('', now, 100);
    await store.reminders('', now, 100, page.at(-1));
    await store.reminders(box, now, 100, page.at(0));
  },
  removeFrom: async (store, { id }) => {
    await store.removeFrom('user8@example.org', undefined, REMOVED, 1);
    await store.removeFrom('user9@example.org', [id], REMOVED, 10);
  },
  removeSubscriber: (store) => store.removeSubscriber('user7', 'example.org'),
  renew: (store) => store.renew('owner-1', LEASE),
  replay: (store, { dead, now }) => store.replay([dead], now + 100),
  requeue: (store, { box, now }) => store.requeue(box, now),
  settle: (store, { box, now }) =>
    leased(store, box, async (lease) => {
      for (const outcome of ['delivered', 'dead'] as const) {
        const [message] = await store.waiting(box, now, 1);
        await store.settle(lease, message!, { outcome, status: 200, reason: '' });
        await store.settle(lease, message!, { outcome: 'delivered', status: 200, reason: '' });
      }
    }),
  settleByKey: (store, { key }) => store.settleByKey(key, { outcome: 'delivered', status: 200, reason: '' }),
  subscribe: async (store, { mailbox, node }) => {
    await store.subscribe(aSubscription(mailbox, { device: 'd'.repeat(64), node }));
    await store.subscribe(aSubscription(mailbox, { device: 'd'.repeat(64), node }));
  },
  subscribedRuns: (store, { node }) => store.subscribedRuns(node),
  subscriber: (store) => store.subscriber('user7', 'example.org'),
  subscribers: (store) => store.subscribers({ username: 'user7', domain: 'example.org' }, 100),
  subscriptionIds: (store, { mailbox }) => store.subscriptionIds([mailbox]),
  subscriptionsOf: (store, { node, run }) => store.subscriptionsOf(node, run, '1', 1000),
  tail: (store) => store.tail(10, 1000),
  take: (store, { box, id }) => leased(store, box, (lease) => store.take(lease, id, 'urn:x')),
  takeByKey: (store, { key }) => store.takeByKey(key, 'urn:y'),
  takeSubmission: (store, { now, key }) =>
    store.takeSubmission(
      { name: key, content: key, owner: 'node-1', since: now },
      { owner: 'n', since: now },
    ),
  takeSubscriptions: (store, { node }) => store.takeSubscriptions(['1', '2'], node, { node: 'n', run: 'r' }),
  toForget: (store, { node }) => store.toForget(node, 100),
  turnedBoxes: (store, { now }) => store.turnedBoxes(now - 2, now),
  unsubscribe: (store) => store.unsubscribe(['1', '2']),
  usedMailboxes: (store, { mailbox }) => store.usedMailboxes(mailbox, 100),
  waiting: async (store, { now, box }) => {
    const page = await store.waiting(box, now, 3);
    await store.waiting(box, now, 100, { after: page[0], device: 'urn:x' });
  },
  warnings: (store) => store.warnings(),
  watchersOf: (store, { mailbox }) => store.watchersOf(mailbox, 100),
  watchMailbox: (store, { now, mailbox }) => store.watchMailbox(mailbox, now),
};
