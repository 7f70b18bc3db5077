/** The names of options in the configuration, and what the documentation says of them. */
import { line } from './kinds.ts';
import { option, type Definition, type Option } from './option.ts';

/** The key in the JSON file: `compose` of a definition with the prefix `mwi` is `mwiCompose`. */
export function keyOf({ options, prefix }: Definition, name: string): string {
  const { key, shared } = options[name] ?? {};
  if (key !== undefined) return key;
  return prefix === '' || shared === true ? name : prefix + name.charAt(0).toUpperCase() + name.slice(1);
}

/** The environment variable: `expireTime` is `SILO_EXPIRE_TIME`, `drachtioHost` has drachtio's own `DRACHTIO_HOST`. */
export function variableOf(key: string): string {
  const words = key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
  return key.startsWith('drachtio') ? words : `SILO_${words}`;
}

/** Each secret can stand in a file, which this option names: `storeFile` and `SILO_STORE_FILE` for `store`. */
export const fileKeyOf = (key: string) => `${key}File`;

export function fileOption(key: string): Option<string> {
  return option(line, '', `file that holds \`${variableOf(key)}\`, in its place`);
}

/** What it means, in one line. */
export function meaningOf({ sentence, schema, note, msilo }: Option<unknown>): string {
  const unit = schema.meta()?.['unit'];
  return [
    sentence,
    typeof unit === 'string' ? `, ${unit}` : '',
    note === undefined ? '' : `; ${note}`,
    msilo === undefined ? '' : ` (msilo ${msilo.replace(/^\w+/, '`$&`')})`,
  ].join('');
}

/** Its default; '' when that is nothing. */
export function defaultOf({ preset, shown }: Option<unknown>): string {
  if (shown !== undefined) return shown;
  const empty = preset === '' || (typeof preset === 'object' && Object.keys(preset ?? {}).length === 0);
  return empty ? '' : `\`${String(preset)}\``;
}
