import { describe, expect, test } from 'vitest';
import { InTurn } from '../../../../lib/sip/drachtio/wire/in-turn.ts';

describe('requests in turn', () => {
  function turnsOf(most: number) {
    const turns = new InTurn(most);
    const went: string[] = [];
    const over: (() => void)[] = [];
    return {
      turns,
      went,
      over,
      enter: (name: string, kind = 'MESSAGE', whom = 'bob') =>
        turns.enter({ kind, whom }, (done) => {
          went.push(name);
          over.push(done);
        }),
    };
  }

  test('so many are under way, and each that is over lets the next one go', () => {
    const { enter, went, over } = turnsOf(2);
    for (const name of ['1', '2', '3', '4']) enter(name);
    expect(went).toEqual(['1', '2']);
    over[1]!();
    over[1]!();
    expect(went).toEqual(['1', '2', '3']);
    over[0]!();
    expect(went).toEqual(['1', '2', '3', '4']);
  });

  test('a thousand for one person hold up nobody else, and a thousand NOTIFYs no MESSAGE', () => {
    const { enter, went, over } = turnsOf(1);
    enter('first', 'NOTIFY', 'eve');
    for (let index = 0; index < 1000; index++) enter('eve', 'NOTIFY', 'eve');
    enter('alice', 'NOTIFY', 'alice');
    enter('bob', 'MESSAGE', 'bob');
    for (let index = 0; index < 5; index++) over[index]!();
    expect(went).toEqual(['first', 'eve', 'bob', 'alice', 'eve', 'eve']);
  });

  test('many that are over before they return are no deep calls, and one that throws takes no room', () => {
    const { turns, enter, went, over } = turnsOf(1);
    enter('first');
    let count = 0;
    for (let index = 0; index < 100_000; index++)
      turns.enter({ kind: 'MESSAGE', whom: 'bob' }, (done) => {
        count++;
        done();
      });
    over[0]!();
    expect(count).toBe(100_000);
    const broken = () => {
      throw new Error('broken');
    };
    expect(() => turns.enter({ kind: 'MESSAGE', whom: 'bob' }, broken)).toThrow('broken');
    enter('next');
    expect(went).toEqual(['first', 'next']);
  });

  test('with a lost connection all have their turn, and what was under way is nothing of the next one', () => {
    const { turns, enter, went, over } = turnsOf(1);
    for (const name of ['1', '2', '3']) enter(name);
    turns.reset();
    expect(went).toEqual(['1', '2', '3']);
    for (const name of ['4', '5']) enter(name);
    over[0]!();
    expect(went).toEqual(['1', '2', '3', '4']);
    over[3]!();
    expect(went).toEqual(['1', '2', '3', '4', '5']);
  });
});
