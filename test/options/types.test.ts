/** What the compiler says about options: each line marked as an error is one. */
import { expect, expectTypeOf, test } from 'vitest';
import type { MwiOptions, RegistrarOptions, SiloOptions, StoreOptions } from '../../lib/index.ts';
import { whole } from '../../lib/options/kinds.ts';
import { defineOptions, option } from '../../lib/options/option.ts';
import { bounds } from '../../lib/options/rules.ts';
import type { SiloSettings } from '../../lib/silo/state/options.ts';

test('an option that does not exist, or a value of another type, does not compile', () => {
  const given: readonly (SiloOptions | MwiOptions | RegistrarOptions | StoreOptions)[] = [
    {
      expireTime: 60,
      deliverTo: 'every',
      overflow: 'drop-oldest',
      domains: ['example.org'],
    } satisfies SiloOptions,
    { expireTime: undefined } satisfies SiloOptions,
    { outcomes: { 404: 'dead' }, noticeBody: (message, id) => `${message.box} ${id}` } satisfies SiloOptions,
    {
      extraHeaders: (message, binding) => ({ 'X-A': `${message.box}${binding.contact}` }),
    } satisfies SiloOptions,
    { account: (mailbox) => mailbox, knows: () => Promise.resolve(true) } satisfies MwiOptions,
    // @ts-expect-error a name that is none
    { expireTme: 60 } satisfies SiloOptions,
    // @ts-expect-error a text for a number
    { expireTime: '60' } satisfies SiloOptions,
    // @ts-expect-error a choice that is none
    { deliverTo: 'all' } satisfies SiloOptions,
    // @ts-expect-error a verdict that is none
    { outcomes: { 404: 'gone' } } satisfies SiloOptions,
    // @ts-expect-error a text for a list
    { domains: 'example.org' } satisfies SiloOptions,
    // @ts-expect-error a function that answers something else
    { extraHeaders: () => 5 } satisfies SiloOptions,
    // @ts-expect-error an option of another room
    { compose: 'sum' } satisfies SiloOptions,
    // @ts-expect-error the name in the configuration is not the one in code
    { mwiCompose: 'sum' } satisfies MwiOptions,
    // @ts-expect-error the URL is an argument of its own
    { url: 'sqlite::memory:' } satisfies StoreOptions,
  ];
  expect(given).not.toEqual([]);
});

test('the settings that a room works with have every option', () => {
  expectTypeOf<SiloSettings['expireTime']>().toEqualTypeOf<number>();
  expectTypeOf<SiloSettings['deliverTo']>().toEqualTypeOf<'first' | 'every'>();
  expectTypeOf<SiloSettings['domains']>().toEqualTypeOf<readonly string[]>();
});

test('a default is of the type of its option, and a check names options that exist', () => {
  const count = option(whole(1), 1, 'how many');
  expect(defineOptions('f', { count }).defaults).toEqual({ count: 1 });
  // @ts-expect-error a default of another type
  option(whole(1), '1', 'how many');
  const rules = [bounds('least', 'count', 'most')];
  expect(defineOptions('f', { least: count, count, most: count }, { rules }).rules).toHaveLength(1);
  // @ts-expect-error there is no option `most`
  defineOptions('f', { least: count, count }, { rules });
});
