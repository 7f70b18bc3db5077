import { describe, expect, test } from 'vitest';
import { checkOptions } from '../../lib/options/check.ts';
import {
  callback,
  exactList,
  flag,
  interval,
  line,
  list,
  milliseconds,
  networks,
  oneOf,
  orCallback,
  seconds,
  template,
  text,
  whole,
  zone,
} from '../../lib/options/kinds.ts';
import { nearest } from '../../lib/options/nearest.ts';
import { defineOptions, option } from '../../lib/options/option.ts';
import { bounds } from '../../lib/options/rules.ts';

const definition = defineOptions(
  'createThing',
  {
    count: option(whole(1, 9), 3, 'how many'),
    kind: option(oneOf(['red', 'green']), 'red', 'which'),
    names: option(list('names'), ['a'], 'who'),
    body: option(orCallback<string | (() => string)>(template(['user'])), '', 'what'),
    secret: option(text, 'open', 'its secret', { secret: true }),
    least: option(seconds(0), 10, 'shortest'),
    usual: option(seconds(0), 20, 'usual'),
    most: option(seconds(0), 30, 'longest'),
  },
  { rules: [bounds('least', 'usual', 'most')] },
);
const check = (given: unknown) => checkOptions(definition, given as never);

describe('options given in code', () => {
  test('have their defaults where nothing is given, and where undefined is', () => {
    expect(check(undefined)).toEqual(definition.defaults);
    expect(check({})).toEqual(definition.defaults);
    expect(check({ count: undefined, names: undefined })).toEqual(definition.defaults);
  });

  test('are read as texts of the environment are', () => {
    expect(check({ count: '7', names: 'B, c' })).toMatchObject({ count: 7, names: ['b', 'c'] });
  });

  test('may be functions where the definition says so, and only there', () => {
    const body = () => 'hello';
    expect(check({ body }).body).toBe(body);
    expect(() => check({ kind: body })).toThrow('wanted is one of "red"|"green"');
  });

  test.each<readonly [unknown, string]>([
    [{ count: 0 }, 'Option count of createThing (found 0): wanted is a whole number from 1 to 9.'],
    [{ count: 1.5 }, 'Option count of createThing (found 1.5): wanted is a whole number from 1 to 9.'],
    [{ count: NaN }, '(found NaN)'],
    [{ count: true }, '(found true)'],
    [{ count: null }, '(found null)'],
    [{ count: 5n }, '(found 5n)'],
    [{ kind: 'blue' }, 'Option kind of createThing (found "blue"): wanted is one of "red"|"green".'],
    [{ names: ['a', 5] }, "Option names of createThing (found [ 'a', 5 ]): wanted are names"],
    [{ names: [' ', ''] }, 'wanted are names, with commas between, or nothing at all'],
    [{ body: 'for {nobody}' }, 'there is no variable {nobody}; wanted are only {user}'],
    [{ conut: 3 }, 'There is no option conut of createThing. Did you mean count?'],
    [{ colour: 3 }, 'There is no option colour of createThing. The options are: count, kind, names'],
    [{ a: 1, b: 2 }, 'There is no option a, b of createThing.'],
    [null, 'The options of createThing (found null): wanted is an object.'],
    [['count'], "The options of createThing (found [ 'count' ]): wanted is an object."],
    [{ least: 40 }, 'Option least of createThing (found 40): wanted is at most 30 (most).'],
    [{ usual: 40 }, 'Option usual of createThing (found 40): wanted is from 10 (least) to 30 (most).'],
  ])('are refused with a sentence: %o', (given, sentence) => {
    expect(() => check(given)).toThrow(sentence);
    expect(() => check(given)).toThrow(expect.objectContaining({ code: 'SILO_CONFIG' }) as Error);
  });

  test('the usual time gives way to the others unless it was given', () => {
    expect(check({ most: 15 }).usual).toBe(15);
    expect(check({ least: 25 }).usual).toBe(25);
    expect(check({ most: 15, usual: 12 }).usual).toBe(12);
  });

  test.each([5, ['s3cret'], { of: 's3cret' }, Symbol('s3cret'), () => 's3cret', Buffer.from('s3cret')])(
    'a secret is not repeated: %o',
    (secret) => {
      expect(() => check({ secret })).toThrow('Option secret of createThing (found ***): wanted is a text.');
    },
  );

  test('of a long value only the beginning is repeated', () => {
    expect(() => check({ kind: 'x'.repeat(9_000) })).toThrow(
      /^Option kind of createThing \(found "x{199}\): /,
    );
    expect(() => check({ kind: Array(9_000).fill('x') })).toThrow(/^.{1,300}$/);
  });

  test('what was checked is taken as it is when it is checked again', () => {
    const once = check({ count: '7', names: 'B, c', most: 15 });
    expect(check(once)).toEqual(once);
  });
});

describe('kinds of values', () => {
  test.each<
    readonly [string, { safeParse(value: unknown): { success: boolean; data?: unknown } }, unknown, unknown]
  >([
    ['whole', whole(0), '12', 12],
    ['whole', whole(0), ' 12 ', 12],
    ['whole', whole(0), '', undefined],
    ['whole', whole(0), 'twelve', undefined],
    ['whole', whole(0), '99999999999', undefined],
    ['seconds', seconds(1), 5, 5],
    ['seconds', seconds(1), 0.5, undefined],
    ['milliseconds', milliseconds(0, 10), '11', undefined],
    ['interval', interval(), '0.05', 0.05],
    ['interval', interval(), 0, undefined],
    ['interval', interval(), Infinity, undefined],
    ['flag', flag, true, true],
    ['flag', flag, 'yes', true],
    ['flag', flag, '0', false],
    ['flag', flag, 1, undefined],
    ['flag', flag, 'perhaps', undefined],
    ['list', list('names'), ' A,,b ', ['a', 'b']],
    ['list', list('names'), '', []],
    ['list', list('names'), ',', undefined],
    ['list', list('names'), { 0: 'a' }, undefined],
    ['exactList', exactList('names'), ['A', ' b'], ['A', 'b']],
    ['line', line, 'a\tb', 'a\tb'],
    ['line', line, 'a\r\nb', undefined],
    ['networks', networks, '192.0.2.0/24,::1', ['192.0.2.0/24', '::1']],
    ['networks', networks, '192.0.2.0/-1', undefined],
    ['networks', networks, '192.0.2.0/', undefined],
    ['networks', networks, '2001:db8::/129', undefined],
    ['zone', zone, 'Europe/Berlin', 'Europe/Berlin'],
    ['zone', zone, 'Mars', undefined],
    ['template', template(['user']), 'to {user}, {"a": 1}', 'to {user}, {"a": 1}'],
    ['template', template(['user']), '{toString}', undefined],
    ['callback', callback(), 'x', undefined],
  ])('%s reads %o', (_, kind, value, wanted) => {
    const kinds = kind.safeParse(value);
    expect(kinds.success ? kinds.data : undefined).toEqual(wanted);
  });
});

test('the nearest name is the one with the fewest differences, if they are few', () => {
  const known = ['expireTime', 'checkTime', 'maxMessages', 'maxBytes'];
  expect(nearest('expireTme', known)).toBe('expireTime');
  expect(nearest('EXPIRE_TIME', known)).toBe('expireTime');
  expect(nearest('maxByte', known)).toBe('maxBytes');
  expect(nearest('colour', known)).toBeUndefined();
  expect(nearest('', known)).toBeUndefined();
});
