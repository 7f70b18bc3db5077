/** Pages of lists: how many at a time, and where the next one begins. */
import { SiloError } from './errors.ts';

const [FALLBACK, MOST] = [50, 500];

type Part = string | number;

/** @throws SiloError `SILO_REFUSED` 400 for what is no number of rows of a page */
export function limitOf(limit = FALLBACK): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST) return limit;
  throw refused(`The limit ${String(limit)} is none: wanted is a whole number from 1 to ${MOST}.`);
}

/** @param question what a cursor is good for: the list, and all that orders or narrows it */
export function cursorOf(question: readonly Part[], place: readonly Part[]): string {
  return Buffer.from(JSON.stringify([question, place])).toString('base64url');
}

/**
 * Where a page begins; undefined: at the beginning.
 * @param like a place as the question has them: the parts of the cursor are of these kinds
 * @throws SiloError `SILO_REFUSED` 400 for a cursor of another question
 */
export function placeOf<const Place extends readonly Part[]>(
  question: readonly Part[],
  cursor: string | undefined,
  like: Place,
): { readonly [I in keyof Place]: Place[I] extends number ? number : string } | undefined {
  if (cursor === undefined) return undefined;
  const [asked, place] = read(cursor);
  const fits =
    JSON.stringify(asked) === JSON.stringify(question) &&
    Array.isArray(place) &&
    place.length === like.length &&
    like.every((part, index) => typeof part === typeof place[index]);
  if (fits) return place as unknown as ReturnType<typeof placeOf<Place>>;
  throw refused(
    'The cursor is not of this list: wanted is the "next" of a page that was asked for in the same way.',
  );
}

function read(cursor: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function refused(text: string): SiloError {
  return new SiloError('SILO_REFUSED', text, { status: 400 });
}
