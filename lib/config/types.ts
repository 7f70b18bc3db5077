/** How options are read from text: what the schemas of all rooms share. */
import { z } from 'zod';

/** Timers of Node end at 24.8 days. */
export const LONGEST_TIME = 2_000_000;
export const whole = (least: number, most = 2 ** 31 - 1) =>
  // What is empty, or no number in the JSON file either, would be read as 0 or 1.
  z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    z.number('wanted is a whole number').int('wanted is a whole number').min(least).max(most),
  );
export const flag = z
  .union([z.boolean(), z.enum(['true', 'false', '1', '0', 'yes', 'no'])], 'wanted is true or false')
  .transform((value) => [true, 'true', '1', 'yes'].includes(value));
export const list = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value)
      .map((entry) => entry.trim().toLowerCase())
      .filter((entry) => entry !== ''),
  );

/** A comma list whose case matters: users are case-sensitive. */
export const exactList = z
  .union([z.array(z.string()), z.string()])
  .transform((value) =>
    (typeof value === 'string' ? value.split(',') : value)
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  );
