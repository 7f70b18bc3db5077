/** Patterns of AoRs: `*` stands for any characters but `@`, as in `*@example.org`; `*` alone for everybody. */
import { aorOf, splitAor } from '../sip/read/uri.ts';

export type Matches = (aor: string) => boolean;

/** Why it is no pattern; undefined when it is one. */
export function faultOfPattern(text: string): string | undefined {
  if (text === '*' || readable(text) !== undefined) return undefined;
  return `"${text}" is no address such as bob@example.org, nor a pattern such as *@example.org`;
}

/** @param text without a fault */
export function patternOf(text: string): Matches {
  const canonical = readable(text);
  if (canonical === undefined) return () => text === '*';
  const parts = canonical.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  const whole = new RegExp(`^${parts.join('[^@]*')}$`);
  return (aor) => whole.test(aor);
}

/** In the spelling of AoRs: of those only a user may have a `*`, so in a host a letter stands for it meanwhile. */
function readable(text: string): string | undefined {
  const { user, host } = splitAor(text.replace(/^sips?:/i, ''));
  const stars = host.split('*');
  const aor = aorOf(`sip:${user}@${stars.join(STAND_IN)}`);
  if (user === '' || aor === undefined) return undefined;
  const read = splitAor(aor);
  return `${read.user}@${read.host.split(STAND_IN).join('*')}`;
}

const STAND_IN = '-x0-';
