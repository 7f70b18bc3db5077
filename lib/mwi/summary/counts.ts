import { MAX_COUNT, type Counts } from './model.ts';

/** Two counts of one class as one, at most 2^32 - 1 each; urgent ones are given when either gives them. */
export function addCounts(a: Counts, b: Counts): Counts {
  const add = (x = 0, y = 0) => Math.min(x + y, MAX_COUNT);
  const totals = { new: add(a.new, b.new), old: add(a.old, b.old) };
  if ([a, b].every(({ urgentNew, urgentOld }) => urgentNew === undefined && urgentOld === undefined))
    return totals;
  return { ...totals, urgentNew: add(a.urgentNew, b.urgentNew), urgentOld: add(a.urgentOld, b.urgentOld) };
}

/** Whether the text of counts, known to be grammatical, also keeps the rules on meaning (RFC 3842 5.2). */
export function isPlausible(text: string): boolean {
  const [fresh, old, urgentNew = 0, urgentOld = 0] = (text.match(/[0-9]+/g) ?? []).map(Number);
  if (fresh === undefined || old === undefined) return false;
  return Math.max(fresh, old) <= MAX_COUNT && urgentNew <= fresh && urgentOld <= old;
}
