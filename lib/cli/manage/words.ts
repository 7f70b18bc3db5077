/** Times, texts and bodies as the commands show them, and arguments that several have. */
import type { Output } from '../frame/output.ts';
import { flag, usage, value, whole } from '../frame/command.ts';
import { EXIT, type Exit } from '../frame/exit.ts';

export const AOR = { shape: '<aor>', says: 'user@domain, or a SIP URI' };
export const LIMIT = whole('--limit <n>', 'rows at most', { preset: 50, most: 500 });
export const CURSOR = value('--cursor <cursor>', 'go on where the page before ended: its "next"');
export const YES = flag('--yes', 'do it; without, only say what it would do');

/** `2026-11-28 20:15:00Z`; '' for never. */
export function timeOf(seconds: number): string {
  return seconds === 0 ? '' : new Date(seconds * 1_000).toISOString().slice(0, 19).replace('T', ' ') + 'Z';
}

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const;

/** `3 d`, `2 h`: in the largest unit of which there is one. */
export function agoOf(seconds: number, now = Date.now() / 1_000): string {
  if (seconds === 0) return '';
  const age = Math.max(0, now - seconds);
  const [size, unit] = UNITS.find(([least]) => age >= least) ?? ([1, 's'] as const);
  return `${Math.floor(age / size)} ${unit}`;
}

/** A body for JSON: text where it is text. */
export function readable(body: Buffer | undefined): string | { readonly base64: string } | undefined {
  if (body === undefined) return undefined;
  const text = body.toString('utf8');
  return Buffer.from(text).equals(body) ? text : { base64: body.toString('base64') };
}

/** What may stand on a terminal: lines stay lines, and nothing moves the cursor. */
export function harmless(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/(?![\n\t])(?:\p{Cc}|\p{Cf})/gu, '\u{fffd}');
}

/** `1,2,3` */
export function idsOf(text: string): readonly number[] {
  const ids = text.split(',').map((part) => Number(part.trim()));
  if (!ids.every((id) => Number.isSafeInteger(id) && id > 0))
    throw usage(
      `${JSON.stringify(text)} is no list of ids: wanted are numbers with commas between, such as 7,8`,
    );
  return ids;
}

/** How many there were; none is the answer no. */
export function counted(count: number, did: (words: string) => string, out: Output, noun = 'message'): Exit {
  const words = `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
  out.answer({ count }, () => did(words));
  return count === 0 ? EXIT.no : EXIT.done;
}

/** What a list ends with when there is more. */
export function moreOf(next: string | undefined): string {
  return next === undefined ? '' : `There is more: --cursor ${next}`;
}
