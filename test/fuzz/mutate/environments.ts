/** Environments to start with: JSON, so that they can be kept and sent again like any other input. */
import { CONFIGURABLE } from '../../../lib/config/config.ts';
import { variableOf } from '../../../lib/options/listing.ts';
import type { Chance } from '../../support/load/random.ts';
import { OPTION_VALUES, STORE_URLS } from '../corpus/environments.ts';
import { BYTE_MUTATIONS } from './bytes.ts';

/** Stands in every secret; no sentence may repeat it. */
export const SECRET = 'hunter2secret';

const OPTIONS = [...CONFIGURABLE.keys()] as [string, ...string[]];
const MUTATIONS = Object.values(BYTE_MUTATIONS) as [
  (typeof BYTE_MUTATIONS)[string],
  ...(typeof BYTE_MUTATIONS)[string][],
];

export function environmentOf(chance: Chance): { readonly what: string; readonly text: string } {
  const env: Record<string, string> = {};
  for (let count = chance.between(1, 4); count > 0; count--) {
    const name = variableOf(chance.pick(OPTIONS));
    env[name] = valueOf(name, chance);
  }
  return { what: Object.keys(env).join(', '), text: JSON.stringify(env) };
}

function valueOf(name: string, chance: Chance): string {
  if (name === 'SILO_STORE') {
    const url = chance.pick(STORE_URLS);
    // The secret itself stays whole: half of one in a sentence would be no finding.
    const mutated = chance.next() < 0.5 ? chance.pick(MUTATIONS)(url, chance) : url;
    return (mutated.includes('SECRET') ? mutated : url).replaceAll('SECRET', SECRET);
  }
  if (name === 'DRACHTIO_SECRET') return chance.pick(['', SECRET, `${SECRET}\n`]);
  const value = chance.pick(OPTION_VALUES);
  return chance.next() < 0.3 ? chance.pick(MUTATIONS)(value, chance) : value;
}
