/**
 * The same text, by itself: a piece of a request keeps the whole request in memory for as long as the piece is kept, and with it
 * whatever names people there.
 */
export function ownText(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
