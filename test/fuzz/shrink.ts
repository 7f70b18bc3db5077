/** The smallest text that still fails: lines go, stretches go, long runs become short. */
import type { Budget } from './isolate.ts';

export async function shrink(
  text: string,
  fails: (smaller: string) => Promise<boolean>,
  budget: Budget,
): Promise<string> {
  let best = text;
  for (let shorter: string | undefined = best; shorter !== undefined;) {
    shorter = undefined;
    for (const candidate of candidatesOf(best)) {
      if (budget.spent()) return best;
      if (candidate.length >= best.length || !(await fails(candidate))) continue;
      best = shorter = candidate;
      break;
    }
  }
  return best;
}

/** The boldest first. */
function* candidatesOf(text: string): Generator<string> {
  yield text.replace(/(.)\1{15,}/gs, '$1$1$1$1');
  yield text.replace(/(.{2,40}?)\1{7,}/gs, '$1$1');
  const end = text.indexOf('\r\n\r\n');
  if (end >= 0 && end + 4 < text.length) {
    yield text.slice(0, end + 4);
    yield text.slice(0, end + 4 + Math.floor((text.length - end - 4) / 2));
  }
  const lines = text.split('\r\n');
  for (let at = lines.length - 1; at > 0; at--) yield lines.filter((_, index) => index !== at).join('\r\n');
  for (let size = Math.floor(text.length / 2); size >= 1; size = Math.floor(size / 2)) {
    // Byte by byte only what is short: each try is a start of the application.
    if (text.length / size > 40) return;
    for (let at = 0; at < text.length; at += size) yield text.slice(0, at) + text.slice(at + size);
  }
}
