/**
 * Lines as drachtio-server has them: a lone CR or LF ends one, and two of them the head of a message. Whoever sees other headers than it
 * does answers requests by which it dies, or repeats what it has not read.
 */
const LONE_END = /\r(?!\n)|(?<!\r)\n/;
const ANY_END = /\r\n|\r|\n/g;
const EMPTY_LINE = /(?:\r\n|\r(?!\n)|\n){2}/;

export function hasLoneEnd(text: string): boolean {
  return LONE_END.test(text);
}

/** The head of a message with CR LF at the end of each line, and behind it what follows the first empty line; undefined without one. */
export function divideHead(message: string): { readonly head: string; readonly rest: string | undefined } {
  const empty = EMPTY_LINE.exec(message);
  const head = (empty ? message.slice(0, empty.index) : message).replace(ANY_END, '\r\n');
  return { head, rest: empty ? message.slice(empty.index + empty[0].length) : undefined };
}
