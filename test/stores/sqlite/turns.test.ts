import { beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Call } from '../../../lib/stores/sqlite/thread/protocol.ts';
import { Turns, type Kind } from '../../../lib/stores/sqlite/thread/turns.ts';

class Outage extends Error {}

let log: string[] = [];
let answers: Answer[] = [];
/** Calls that arrive while others are done. */
let arriving: (readonly Call[])[] = [];
let id = 0;

beforeEach(() => {
  log = [];
  answers = [];
  arriving = [];
  id = 0;
});

/** Its method is its kind, its argument what becomes of it. */
const call = (kind: Kind, outcome: unknown = 'done'): Call => ({
  id: ++id,
  method: kind,
  at: 0,
  args: [outcome],
});
const turns = () =>
  new Turns({
    kindOf: (method) => method as Kind,
    perform: ({ id, method, args: [outcome] }) => {
      log.push(`${method} ${id}`);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    transaction: (kind, work) => {
      log.push(`begin ${kind}`);
      const result = work();
      log.push('commit');
      return result;
    },
    isOutage: (error) => error instanceof Outage,
    asOurs: (error) => error,
    receive: () => arriving.shift() ?? [],
    answer: (some) => {
      log.push(`answer ${some.map((one) => one.id).join(' ')}`);
      answers.push(...some);
    },
  });
const failed = () => answers.filter((answer) => 'thrown' in answer).map((answer) => answer.id);

describe('turns', () => {
  test('reads are answered first, writes share a commit, leases follow, each slice of a sweep comes last and alone', () => {
    turns().run([call('sweep'), call('lease'), call('write'), call('sweep'), call('read'), call('write')]);
    expect(log).toEqual([
      ...['read 5', 'answer 5'],
      ...['begin write', 'write 3', 'write 6', 'commit', 'answer 3 6'],
      ...['begin lease', 'lease 2', 'commit', 'answer 2'],
      ...['begin sweep', 'sweep 1', 'commit', 'answer 1'],
      ...['begin sweep', 'sweep 4', 'commit', 'answer 4'],
    ]);
  });

  test('what has arrived by then shares the turn; what arrives during it has the next one', () => {
    arriving = [[call('write')], [call('write')]];
    turns().run([call('write'), call('write')]);
    expect(log.filter((line) => line.startsWith('answer'))).toEqual(['answer 3 4 1']);
    arriving = [[], [call('write')]];
    log = [];
    const many = Array.from({ length: 201 }, () => call('write'));
    turns().run(many);
    expect(log.filter((line) => line === 'commit')).toHaveLength(2);
  });

  test('a write that fails harms no other: each is done by itself then', () => {
    turns().run([call('write'), call('write', new TypeError('a bug')), call('write')]);
    expect(failed()).toEqual([2]);
    expect(answers).toHaveLength(3);
    expect(log.filter((line) => line === 'commit')).toHaveLength(2);
  });

  test('in an outage all fail at once, without a try each', () => {
    turns().run([call('write'), call('write', new Outage('the disk is full')), call('write')]);
    expect(failed()).toEqual([1, 2, 3]);
    expect(log.filter((line) => line === 'begin write')).toHaveLength(1);
  });

  test('a read that fails harms no other', () => {
    turns().run([call('read', new Error('no')), call('read')]);
    expect(failed()).toEqual([1]);
    expect(answers).toHaveLength(2);
  });
});
