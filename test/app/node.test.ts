/** How one node judges the others, step by step. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onLog } from '../../lib/base/log.ts';
import { createNode, type SiloNode } from '../../lib/node/node.ts';
import type { NodeRow } from '../../lib/stores/contract/nodes.ts';

/** As the database has it; `away` while it can't be asked. */
let rows: NodeRow[] = [];
let away = false;
let warnings: string[] = [];
let node: SiloNode;
let gone: string[] = [];
let fails = false;
/** Of whom this node is to remember nothing. */
let erased: string[] = [];
onLog((level, room, message) => {
  if (level !== 'debug' && room === 'node') warnings.push(message);
});

const other = (over: Partial<NodeRow> = {}): NodeRow => ({
  node: 'two',
  run: 'run-2',
  process: 'host-2 22',
  server: 'udp/192.0.2.2:5060',
  version: '1',
  started: 100,
  seen: 100,
  silent: 0,
  stopped: 0,
  ...over,
});
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);
/** Passes time while the other one lives. */
async function together(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    rows = rows.map((row) => ({ ...row, seen: row.seen + 1 }));
    await pass(1);
  }
}

async function begin(): Promise<void> {
  const store = {
    beat: () => (away ? Promise.reject(new Error('the store is away')) : Promise.resolve(rows)),
    nodes: () => Promise.resolve(rows),
    leaveNode: () => Promise.resolve(),
    forgetNodes: () => Promise.resolve(),
    askToForget: () => Promise.resolve(),
    toForget: () => Promise.resolve(erased),
    haveForgotten: (_: string, aors: readonly string[]) => {
      erased = erased.filter((aor) => !aors.includes(aor));
      return Promise.resolve();
    },
  };
  node = createNode({ store, port: { server: () => '' } }, { node: 'one', leaseTime: 15 });
  node.onGone((row) => {
    gone.push(row.node);
    return fails ? Promise.reject(new Error('not now')) : Promise.resolve();
  });
  await node.start();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval', 'setTimeout', 'Date'] });
  [rows, away, warnings, gone, fails, erased] = [[], false, [], [], false, []];
  return begin();
});
afterEach(async () => {
  await node.close();
  vi.useRealTimers();
});

test('one whose row stands still for the lease time is gone, and said so once', async () => {
  rows = [other()];
  await together(20);
  expect(gone).toEqual([]);
  await pass(14);
  expect(gone).toEqual([]);
  await pass(60);
  expect(gone).toEqual(['two']);
  expect(warnings).toEqual([expect.stringMatching(/^node two \(host-2 22\) is dead/)]);
});

test('one that comes back and dies again is gone a second time', async () => {
  rows = [other()];
  await pass(25);
  await together(20);
  expect(gone).toEqual(['two']);
  await pass(25);
  expect(gone).toEqual(['two', 'two']);
});

test('one that stopped is gone at once', async () => {
  rows = [other()];
  await together(10);
  rows = [other({ stopped: 110 })];
  await pass(5);
  expect(gone).toEqual(['two']);
  expect(warnings).toEqual([]);
});

test('when the database was away for long, nobody is dead, although every row is old', async () => {
  rows = [other()];
  await together(10);
  away = true;
  await pass(300);
  away = false;
  rows = rows.map((row) => ({ ...row, silent: 300 }));
  await pass(5);
  expect(gone).toEqual([]);
  await together(30);
  expect(gone).toEqual([]);
});

test('a row whose time stands an hour back or ahead is judged by whether it changes', async () => {
  for (const jump of [3600, -7200]) {
    rows = [other({ seen: 100 + jump, silent: Math.max(0, -jump) })];
    await together(30);
  }
  expect(gone).toEqual([]);
});

test('what a dead node has left is seen to again when it went wrong', async () => {
  rows = [other()];
  fails = true;
  await pass(25);
  expect(gone.length).toBeGreaterThan(1);
  fails = false;
  await pass(5);
  const tried = gone.length;
  await pass(30);
  expect(gone).toHaveLength(tried);
});

test('a former run under the same name is no twin, one that writes meanwhile is', async () => {
  const twin = other({ node: 'one', run: 'run-1' });
  rows = [twin];
  await node.close();
  await begin();
  rows = [{ ...twin, run: node.run }];
  await pass(30);
  // Another half of the same app keeps a row of its own.
  rows = [{ ...twin, run: 'other', process: await ownProcess() }];
  await pass(30);
  expect(warnings).toEqual([]);
  rows = [twin];
  await pass(30);
  expect(warnings).toEqual([expect.stringContaining('call themselves "one"')]);
});

async function ownProcess(): Promise<string> {
  let seen = '';
  const store = {
    beat: ({ process }: { readonly process: string }) => {
      seen = process;
      return Promise.resolve([]);
    },
    nodes: () => Promise.resolve([]),
    leaveNode: () => Promise.resolve(),
    forgetNodes: () => Promise.resolve(),
    askToForget: () => Promise.resolve(),
    toForget: () => Promise.resolve([]),
    haveForgotten: () => Promise.resolve(),
  };
  const probe = createNode({ store, port: { server: () => '' } });
  await probe.start();
  await probe.close();
  return seen;
}

test('a memory that can’t be cleared of one person keeps no other from it, is said, and is asked again', async () => {
  const cleared: string[] = [];
  let broken = true;
  node.onForget((aor) => {
    if (broken && aor === 'bob@example.org') throw new Error('broken');
  });
  node.onForget((aor) => cleared.push(aor));
  erased = ['bob@example.org', 'carol@example.org'];
  await pass(1.5);
  expect(cleared).toEqual(['bob@example.org', 'carol@example.org']);
  expect(erased).toEqual(['bob@example.org']);
  expect(warnings.join()).toContain('a memory could not be cleared');
  broken = false;
  await pass(1);
  expect(erased).toEqual([]);
});
