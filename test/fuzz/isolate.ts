/** Which of many inputs does it? Halves, and then smaller parts, as long as what is left still fails (delta debugging). */

export type Fails<T> = (some: readonly T[]) => Promise<boolean>;

export interface Budget {
  /** True once no more tries are to be made. */
  readonly spent: () => boolean;
}

export async function isolate<T>(all: readonly T[], fails: Fails<T>, budget: Budget): Promise<readonly T[]> {
  let left = all;
  let parts = 2;
  while (left.length > 1 && !budget.spent()) {
    const size = Math.ceil(left.length / parts);
    const next = await smaller(left, size, fails, budget);
    if (next) {
      // What was left out as one part leaves one part less; one part alone is cut in two again.
      parts = next.length <= size ? 2 : Math.max(2, parts - 1);
      left = next;
    } else if (size === 1) break;
    else parts = Math.min(left.length, parts * 2);
  }
  return left;
}

/** One part that fails alone, or all but one part. */
async function smaller<T>(
  all: readonly T[],
  size: number,
  fails: Fails<T>,
  budget: Budget,
): Promise<readonly T[] | undefined> {
  const starts = Array.from({ length: Math.ceil(all.length / size) }, (_, index) => index * size);
  const tries = [
    ...starts.map((start) => all.slice(start, start + size)),
    ...(starts.length > 2 ? starts.map((start) => [...all.slice(0, start), ...all.slice(start + size)]) : []),
  ];
  for (const some of tries) {
    if (budget.spent()) return undefined;
    if (await fails(some)) return some;
  }
  return undefined;
}

/** At most so many tries, and no new one after so many ms. */
export function budget(tries: number, ms: number): Budget & { readonly take: () => number } {
  const limit = performance.now() + ms;
  let left = tries;
  return { spent: () => left <= 0 || performance.now() > limit, take: () => (left -= 1) };
}
