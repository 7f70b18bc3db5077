/** Texts that were read lately, with what they say: a request asks for the same ones five to ten times, and so does the next one of its phone. */
import { BoundedMap } from './bounded-map.ts';
import { ownText } from './own-text.ts';

const all: ReadTexts<unknown>[] = [];

export class ReadTexts<T> extends BoundedMap<string, T> {
  readonly #longest: number;
  readonly #read: (text: string) => T | undefined;

  /**
   * @param name what it remembers, for `memories()`
   * @param longest characters of a text that is remembered
   * @param read what a text says; undefined, and not remembered, for what can't be read
   */
  constructor(most: number, name: string, longest: number, read: (text: string) => T | undefined) {
    super(most, name);
    this.#longest = longest;
    this.#read = read;
    all.push(this);
  }

  of(text: string): T | undefined {
    const known = this.get(text);
    if (known !== undefined) return known;
    if (text.length > this.#longest) return this.#read(text);
    const own = ownText(text);
    const found = this.#read(own);
    if (found !== undefined) this.set(own, found);
    return found;
  }
}

/** No text that was read is remembered any more. */
export function forgetTexts(): void {
  for (const texts of all) texts.clear();
}
