/** What has come and was not taken yet; one can wait for more. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: { readonly matches: (item: T) => boolean; readonly give: (item: T) => void }[] = [];

  put(item: T): void {
    const at = this.#waiting.findIndex((one) => one.matches(item));
    if (at < 0) this.#items.push(item);
    else this.#waiting.splice(at, 1)[0]?.give(item);
  }

  take(what: string, wait: number, matches: (item: T) => boolean = () => true): Promise<T> {
    const at = this.#items.findIndex(matches);
    const found = at < 0 ? undefined : this.#items.splice(at, 1)[0];
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve, reject) => {
      const waiter = {
        matches,
        give: (item: T) => {
          clearTimeout(timer);
          resolve(item);
        },
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new Error(`nothing came for ${wait} ms: ${what}`));
      }, wait);
      this.#waiting.push(waiter);
    });
  }

  get items(): readonly T[] {
    return this.#items;
  }
}
