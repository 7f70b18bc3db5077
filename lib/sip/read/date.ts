/** The SIP date (RFC 3261 20.17): RFC 1123 form, always GMT. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DATE = /^(?:mon|tue|wed|thu|fri|sat|sun), *(\d{1,2}) +([a-z]{3}) +(\d{4}) +(\d\d):(\d\d):(\d\d) +gmt$/;
/** 9999-12-31T23:59:59Z: the form has four digits for the year. */
const LAST = 253_402_300_799;

/** A Date value, e.g. `Sat, 13 Nov 2010 23:29:00 GMT`; fractions are cut, times outside 1970–9999 are clamped. */
export function formatSipDate(epochSeconds: number): string {
  const seconds = Math.min(Math.max(Math.trunc(epochSeconds) || 0, 0), LAST);
  return new Date(seconds * 1000).toUTCString();
}

/**
 * Epoch seconds of a Date value; undefined when it is none, or not in GMT (RFC 4475 3.1.2.12), or before 1970.
 * A wrong name of the day is overlooked: it says nothing that the date does not.
 */
export function parseSipDate(text: string): number | undefined {
  const found = DATE.exec(text.trim().toLowerCase());
  if (found === null) return undefined;
  const month = MONTHS.indexOf(found[2] ?? '');
  const [day = 0, year = 0, hour = 0, minute = 0, second = 0] = [1, 3, 4, 5, 6].map((i) => Number(found[i]));
  // 60 is a leap second. Date.UTC would carry 31 February over into March: then the day does not come back.
  if (month === -1 || year < 1970 || hour > 23 || minute > 59 || second > 60) return undefined;
  if (new Date(Date.UTC(year, month, day)).getUTCDate() !== day) return undefined;
  return Date.UTC(year, month, day, hour, minute, second) / 1000;
}
