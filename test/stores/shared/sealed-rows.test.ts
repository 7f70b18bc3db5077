import { expect, test } from 'vitest';
import { BodyKeys, whyNoKeys } from '../../../lib/stores/shared/body-keys.ts';
import { fromMessage, INSERT_COLUMNS } from '../../../lib/stores/shared/rows.ts';
import { aKey } from '../contract/body-keys.ts';
import { aMessage } from '../contract/messages.ts';

test('a Kamailio on the same table does not find what it can not read: it looks by username and domain', () => {
  const columnsOf = (values: readonly unknown[]) => {
    const at = (column: (typeof INSERT_COLUMNS)[number]) => values[INSERT_COLUMNS.indexOf(column)];
    return [at('username'), at('domain'), at('box')];
  };
  const message = aMessage('bob@example.org');
  const sealed = BodyKeys.of(aKey('one'))!.seal(message);
  expect(columnsOf(fromMessage(message))).toEqual(['bob', 'example.org', 'bob@example.org']);
  expect(columnsOf(fromMessage(sealed))).toEqual(['', 'example.org', 'bob@example.org']);
});

test('the same message is never encrypted to the same bytes', () => {
  const keys = BodyKeys.of(aKey('one'))!;
  const message = aMessage('bob@example.org');
  expect(keys.seal(message).body.equals(keys.seal(message).body)).toBe(false);
});

const KEY = aKey('one').slice(4);

test.each([
  ['', undefined],
  [`a:${KEY}`, undefined],
  [`a:${KEY},b:${KEY}\n c.d-e_f:${KEY}\n`, undefined],
  [`a:${KEY},a:${KEY}`, 'an id of its own'],
  [KEY, 'wanted are keys as <id>:<base64 of 32 bytes>'],
  [`a:${KEY.slice(0, -4)}`, 'base64 of 32 bytes'],
  [`a:${KEY}AAAA`, 'base64 of 32 bytes'],
  [`a:${KEY.replace(/.{4}/, '####')}`, 'base64 of 32 bytes'],
  [`a b:${KEY}`, 'wanted are keys'],
  [`${'x'.repeat(33)}:${KEY}`, 'wanted are keys'],
])('keys are checked: %j', (text, why) => {
  if (why === undefined) expect(whyNoKeys(text)).toBeUndefined();
  else expect(whyNoKeys(text)).toContain(why);
});
