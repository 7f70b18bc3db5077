/**
 * `npm run bench -- --lamps`: SUBSCRIBE and PUBLISH for the same 150 mailboxes on MariaDB, at fixed rates and whatever the
 * answers are: 60 SUBSCRIBEs (every second one of a phone that is new) and 60 PUBLISHes a second, then 200 SUBSCRIBEs a second
 * that each replace one. On one node, and dealt out among two on one database; with the database here, and 2 ms away.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { startApp, type RunningApp } from '../test/support/app.ts';
import { farAway } from '../test/support/far-away.ts';
import { LampPhone, voice } from '../test/support/lamp-phone.ts';
import { mariadbMissing, startMariaDb } from '../test/support/mariadb.ts';
import { urlOf } from '../test/support/mariadb-database.ts';
import type { Sip } from '../test/support/sip/message.ts';
import { table } from './figures.ts';

const MAILBOXES = 150;
/** A phone gives up after so many ms. */
const PATIENCE = 15_000;
const TICK_MS = 10;
/** How many nodes, and how many ms the answers of the database take on their way: what waits under a lock waits for them. */
const PLACES = [
  [1, 0],
  [2, 0],
  [1, 2],
  [2, 2],
] as const;

/** What is asked, and how often a second. */
interface Stream {
  readonly name: string;
  readonly perSecond: number;
  readonly ask: (nth: number) => Promise<Sip>;
}

interface Heard {
  readonly name: string;
  readonly durations: number[];
  readonly statuses: Map<string, number>;
}

/** @param seconds how long each phase lasts */
export async function lamps(seconds: number): Promise<void> {
  const missing = mariadbMissing();
  if (missing !== undefined) throw new Error(missing);
  const mariadb = await startMariaDb();
  try {
    for (const [count, away] of PLACES) {
      const nodes = count === 1 ? 'One node' : `${count} nodes`;
      const far = away === 0 ? 'the database on this machine' : `the database ${away} ms away`;
      console.log(`\n${nodes}, ${far}, ${MAILBOXES} mailboxes, ${seconds} s each:`);
      const { name } = await mariadb.createDatabase();
      const link = await farAway(mariadb.port, away);
      console.log(await onNodes(urlOf(away === 0 ? mariadb.port : link.port, name), count, seconds));
      link.close();
    }
  } finally {
    await mariadb.stop();
  }
}

async function onNodes(url: string, count: number, seconds: number): Promise<string> {
  const nodes: RunningApp[] = [];
  const phones: LampPhone[] = [];
  try {
    for (let index = 0; index < count; index++)
      nodes.push(await startApp({ SILO_LIMITS: 'no', SILO_STORE: url, SILO_NODE: `node${index}` }));
    /** Each phone at each node, so that both nodes are asked about every mailbox. */
    const phone = (nth: number): LampPhone => {
      const found = phones[nth % phones.length];
      if (!found) throw new Error('there is no phone');
      return found;
    };
    for (const { server } of nodes)
      for (let index = 0; index < MAILBOXES; index++) {
        const made = await LampPhone.start(`user${index}`, { server, keeps: false });
        made.phone.patience = PATIENCE;
        phones.push(made);
      }
    const again = (nth: number) => phone(nth).subscribe();
    const fresh = (nth: number) => {
      const { phone: one } = phone(nth);
      return phone(nth).subscribe({ Contact: `${one.contact};+sip.instance="<urn:uuid:${randomUUID()}>"` });
    };
    const publish = (nth: number) => {
      const { aor } = phone(nth).phone;
      return phone(nth + 1).publish(aor, voice(1 + (nth % 9), nth), {
        From: `<sip:voicemail@example.org>;tag=${randomUUID()}`,
      });
    };
    const subscribe = (nth: number) =>
      (nth % 2 === 0 ? again : fresh)(spread(Math.floor(nth / 2))).then(({ answer }) => answer);
    const mixed = [
      { name: '60 SUBSCRIBE/s, new and replacing', perSecond: 60, ask: subscribe },
      { name: '60 PUBLISH/s', perSecond: 60, ask: (nth: number) => publish(spread(nth)) },
    ];
    const replacing = [
      {
        name: '200 SUBSCRIBE/s, replacing',
        perSecond: 200,
        ask: (nth: number) => again(spread(nth)).then(({ answer }) => answer),
      },
    ];
    const rows: string[][] = [];
    for (const streams of [mixed, replacing]) {
      const before = await deadlocks(url);
      const heard = await run(streams, seconds);
      const after = await deadlocks(url);
      rows.push(...heard.map(rowOf), ['  deadlocks in the database', '', '', '', String(after - before)]);
    }
    return table(['', 'p50', 'p95', 'p99', 'answers'], rows);
  } finally {
    for (const one of phones) one.close();
    for (const node of nodes) await node.process.stop();
  }
}

/** Not in the order of the names. */
function spread(nth: number): number {
  return nth * 7919;
}

/** Asks at the rates of the streams, open loop; resolves when every request was answered or given up. */
async function run(streams: readonly Stream[], seconds: number): Promise<readonly Heard[]> {
  const all = streams.map((stream) => ({
    stream,
    asked: 0,
    heard: { name: stream.name, durations: [], statuses: new Map<string, number>() } satisfies Heard,
  }));
  const pending: Promise<void>[] = [];
  const start = performance.now();
  for (let time = 0; time < seconds; time = (performance.now() - start) / 1000) {
    for (const one of all)
      while (one.asked < time * one.stream.perSecond) pending.push(ask(one.stream, one.asked++, one.heard));
    await sleep(TICK_MS);
  }
  await Promise.all(pending);
  return all.map(({ heard }) => heard);
}

async function ask(stream: Stream, nth: number, { durations, statuses }: Heard): Promise<void> {
  const asked = performance.now();
  const status = await stream.ask(nth).then(
    (answer) => String(answer.status),
    () => 'none',
  );
  durations.push(performance.now() - asked);
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

function rowOf({ name, durations, statuses }: Heard): string[] {
  const sorted = [...durations].sort((a, b) => a - b);
  const at = (part: number) => `${(sorted[Math.floor(sorted.length * part)] ?? NaN).toFixed(0)} ms`;
  const answers = [...statuses].sort().map(([status, count]) => `${count} × ${status}`);
  return [name, at(0.5), at(0.95), at(0.99), answers.join(', ')];
}

/** Those that the server has found so far. */
async function deadlocks(url: string): Promise<number> {
  const connection = await createConnection(url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      "select count from information_schema.innodb_metrics where name = 'lock_deadlocks'",
    );
    return Number(rows[0]?.['count'] ?? 0);
  } finally {
    await connection.end();
  }
}
