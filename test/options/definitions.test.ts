/** What holds for the options of every room. */
import { describe, expect, test } from 'vitest';
import { CONFIGURABLE, readConfig } from '../../lib/config/config.ts';
import { frontEndOptions } from '../../lib/embedded/options.ts';
import { mwiOptions } from '../../lib/mwi/request/options.ts';
import { nodeOptions } from '../../lib/node/options.ts';
import { checkOptions } from '../../lib/options/check.ts';
import { keyOf, meaningOf } from '../../lib/options/listing.ts';
import type { Definition } from '../../lib/options/option.ts';
import { registrarOptions } from '../../lib/registrar/options.ts';
import { siloOptions } from '../../lib/silo/state/options.ts';
import { drachtioOptions } from '../../lib/sip/options.ts';
import { storeOptions } from '../../lib/stores/options.ts';

const definitions: readonly Definition[] = [
  ...[siloOptions, mwiOptions, registrarOptions, nodeOptions, drachtioOptions, storeOptions, frontEndOptions],
] as never;

describe.each(definitions)('the options of $of', (definition) => {
  test('have defaults that pass their own check, unchanged', () => {
    expect(checkOptions(definition, {})).toEqual(definition.defaults);
    expect(checkOptions(definition, definition.defaults)).toEqual(definition.defaults);
  });

  test('say what they mean in one line', () => {
    for (const [name, option] of Object.entries(definition.options))
      expect(meaningOf(option), name).toMatch(/^[^\n|]{4,140}[^\n.|]$/);
  });

  test('stand in the configuration under one key each, the same option under the same key', () => {
    for (const [name, option] of Object.entries(definition.options))
      expect(CONFIGURABLE.get(keyOf(definition, name)), name).toBe(
        option.inCode === true ? undefined : option,
      );
  });
});

test('what the configuration hands to a room is what that room takes', () => {
  const config = readConfig({
    SILO_MAX_EXPIRES: '600',
    SILO_OUTCOMES: '404=dead',
    SILO_EXTRA_HEADERS: '{"X-A":"1"}',
  });
  expect(checkOptions(siloOptions, config.silo)).toEqual(config.silo);
  expect(checkOptions(mwiOptions, config.mwi)).toEqual(config.mwi);
  expect(checkOptions(registrarOptions, config.registrar)).toEqual(config.registrar);
  expect(checkOptions(nodeOptions, config.node)).toEqual(config.node);
  expect(checkOptions(frontEndOptions, config.frontEnd)).toEqual(config.frontEnd);
});
