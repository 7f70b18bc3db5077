/**
 * `npm run bench -- --operations`: how long the lists and counts of an operator take with `--rows=N` (default 1,000,000) messages in a fifth as many
 * boxes, one of which holds a twentieth of them; on SQLite and on MariaDB, first pages and pages from the middle.
 */
import { cursorOf } from '../lib/base/paging.ts';
import { createStoreMailboxes } from '../lib/mwi/store-mailboxes.ts';
import { createStoreOperations } from '../lib/silo/store-operations.ts';
import { openStore } from '../lib/stores/open.ts';
import type { Filling } from '../test/support/full-sqlite.ts';
import { table, whole } from './figures.ts';
import { onFullStores } from './full.ts';

const TIMES = 200;
const OF_BOX = 5;

/** @param on `sqlite`, `mariadb`, or both */
export async function operations(rows: number, on: string): Promise<void> {
  await onFullStores({
    name: 'silo-operations',
    on,
    what: `${whole(rows)} messages`,
    fillings: () => fillings(rows),
    measure: (url) => measure(url, rows),
  });
}

function fillings(rows: number): readonly Filling[] {
  const expTime = Math.floor(Date.now() / 1000) + 86_400;
  const large = Math.round(rows / 20);
  return [
    { rows: large, boxes: 1, expTime },
    { rows: rows - large, boxes: Math.round(rows / OF_BOX), expTime },
  ];
}

async function measure(url: string, rows: number): Promise<string> {
  const store = await openStore(url);
  const { boxes, messages, devices, nodes, persons, close } = createStoreOperations(store);
  const mailboxes = createStoreMailboxes(store);
  const large = 'user0-0@example.org';
  const anyone = () => `user${1 + Math.floor(Math.random() * (rows / OF_BOX - 1))}-1@example.org`;
  const middle = (order: string) =>
    cursorOf(['boxes', order, ''], [anyone(), OF_BOX, Math.floor(Math.random() * rows)]);
  try {
    const begun = performance.now();
    await boxes.count();
    const first = (performance.now() - begun) / 1000;
    const looks: readonly (readonly [what: string, look: () => Promise<unknown>])[] = [
      ['boxes.count', () => boxes.count()],
      ['boxes.count of a domain', () => boxes.count({ domain: 'example.org' })],
      ...(['waiting', 'oldest', 'name'] as const).flatMap((order) => [
        [`boxes.list by ${order}`, () => boxes.list({ order })] as const,
        [`  from the middle`, () => boxes.list({ order, cursor: middle(order) })] as const,
        [`  of a domain`, () => boxes.list({ order, domain: 'example.org' })] as const,
      ]),
      ['boxes.list, stuck', () => boxes.list({ stuck: true })],
      ['boxes.show', () => boxes.show(anyone())],
      ['boxes.show of the large one', () => boxes.show(large)],
      ['messages.show by id', () => messages.show(Math.floor(Math.random() * rows))],
      ['messages.show by Call-ID', () => messages.show(`call-${Math.floor(Math.random() * rows)}`)],
      ['devices.list', () => devices.list(anyone())],
      ['nodes.list', () => nodes.list()],
      ['mailboxes.list', () => mailboxes.list()],
      ['mailboxes.show', () => mailboxes.show(anyone())],
    ];
    const lines = [];
    for (const [what, look] of looks) lines.push([what, ...(await timed(look))]);
    const erasing = performance.now();
    await persons.erase(anyone());
    const erased = (performance.now() - erasing) / 1000;
    return [
      `all boxes counted for the first time in ${first.toFixed(1)} s, a person erased in ${erased.toFixed(1)} s`,
      table(['', 'p50 ms', 'p95 ms', 'longest'], lines),
    ].join('\n');
  } finally {
    await close();
    await store.close();
  }
}

async function timed(look: () => Promise<unknown>): Promise<readonly string[]> {
  const durations: number[] = [];
  for (let count = 0; count < TIMES; count++) {
    const asked = performance.now();
    await look();
    durations.push(performance.now() - asked);
  }
  durations.sort((a, b) => a - b);
  return [0.5, 0.95, 1].map((part) => (durations[Math.ceil(TIMES * part) - 1] ?? NaN).toFixed(1));
}
