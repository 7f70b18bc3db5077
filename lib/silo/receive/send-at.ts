/** The time at which a message is to be sent: ISO 8601 with its zone, or msilo's digits in a configured zone. */
import { SiloError } from '../../base/errors.ts';

export interface SendAtOptions {
  /** Zone of `YYYYMMDDHHMMSS`, an IANA name. */
  readonly sendAtZone: string;
  /** Furthest time ahead, in seconds. */
  readonly maxSendAhead: number;
}

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(?:([Zz])|([+-])(\d\d):?(\d\d))$/;
const DIGITS = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/;
/** A time that has passed is due at once; one that has passed so long ago is a mistake. */
const LONGEST_AGO = 86_400;

/**
 * Epoch seconds. A number is taken for epoch seconds; a time that has just passed gives 0: at once.
 * @throws SiloError `SILO_REFUSED` (400) for what is no time, too far ahead or long past
 */
export function sendTimeOf(
  value: string | number | Date,
  now: number,
  { sendAtZone, maxSendAhead }: SendAtOptions,
): number {
  const refuse = (given: string | number | Date, why: string) => refusal(given, why, now);
  const seconds = Math.floor(secondsOf(value, sendAtZone, refuse));
  if (!Number.isFinite(seconds)) throw refuse(value, 'it is no time');
  if (seconds > now + maxSendAhead)
    throw refuse(value, `it is more than ${Math.round(maxSendAhead / 86_400)} days ahead`);
  if (seconds < now - LONGEST_AGO) throw refuse(value, 'it is long past');
  return seconds > now ? seconds : 0;
}

type Refuse = (value: string | number | Date, why: string) => SiloError;

function secondsOf(value: string | number | Date, zone: string, refuse: Refuse): number {
  if (typeof value === 'number') return value;
  if (value instanceof Date) return value.getTime() / 1000;
  const text = value.trim();
  const digits = DIGITS.exec(text);
  if (digits) return inZone(utc(text, digits.slice(1), refuse), zone, text, refuse);
  const iso = ISO.exec(text);
  if (!iso) throw refuse(value, 'it is no time with a zone');
  const [, , , , , , , , sign, hours, minutes] = iso;
  if (Number(hours ?? 0) > 23 || Number(minutes ?? 0) > 59) throw refuse(value, 'there is no such zone');
  const offset =
    sign === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60;
  return utc(text, iso.slice(1, 7), refuse) - offset;
}

/** Those digits, read in UTC. */
function utc(text: string, parts: readonly (string | undefined)[], refuse: Refuse): number {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) =>
    Number(part ?? 0),
  );
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // What Date moves (the 31st of April, 25 o'clock) does not exist.
  const same =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!same) throw refuse(text, 'there is no such day or hour');
  return date.getTime() / 1000;
}

/** The moment at which the clocks of the zone show this; the first one where they show it twice. */
function inZone(shown: number, zone: string, text: string, refuse: Refuse): number {
  // The offset on the day before and on the day after: between them lies every change of the clocks.
  const offsets = [shown - 86_400, shown + 86_400].map((moment) => shownAt(moment, zone) - moment);
  const moments = offsets.map((offset) => shown - offset).filter((moment) => shownAt(moment, zone) === shown);
  if (moments.length === 0) throw refuse(text, `the clocks of ${zone} leave this hour out`);
  return Math.min(...moments);
}

/** What the clocks of the zone show at that moment, read as if it were UTC. */
function shownAt(moment: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const parts = new Map(format.formatToParts(moment * 1000).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  return (
    Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) /
    1000
  );
}

function refusal(value: string | number | Date, why: string, now: number): SiloError {
  const found = value instanceof Date ? String(value.getTime()) : String(value);
  const example = new Date((now + 86_400) * 1000).toISOString().replace('.000', '');
  return new SiloError(
    'SILO_REFUSED',
    `The time ${JSON.stringify(found.slice(0, 60))} to send at can't be used: ${why}. Wanted is e.g. ${example}.`,
    { status: 400 },
  );
}
