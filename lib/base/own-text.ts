/**
 * The same text, by itself: a piece of a request keeps the whole request in memory for as long as the piece is kept, and with it
 * whatever names people there.
 */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** The same facts with texts of their own, also within lists and plain objects; what is none of these stays the same. */
export function ownTexts<T>(facts: T): T {
  if (typeof facts === 'string') return ownText(facts) as T;
  if (Array.isArray(facts)) return facts.map((one: unknown) => ownTexts(one)) as T;
  if (typeof facts !== 'object' || facts === null || Object.getPrototypeOf(facts) !== Object.prototype)
    return facts;
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, ownTexts<unknown>(value)]),
  ) as T;
}
