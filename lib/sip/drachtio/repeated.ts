/** A header that stands in an answer several times, each time in a line of its own. */

/**
 * drachtio-srf has one value for each name, and drachtio-server writes an array of challenges as one line with commas between, which
 * most phones can't read. Both take blanks behind a name for no part of it (as RFC 3261 25.1, HCOLON, says), so the same name with
 * one more blank is another header to the one and the same to the other.
 */
export function repeated(name: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, nth) => [name + ' '.repeat(nth), value]));
}
