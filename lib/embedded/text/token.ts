/** RFC 3261 25.1, for a regular expression. Not the one of lib/sip/: what judges the rest has its own. */
export const TOKEN = "[A-Za-z0-9.!%*_+`'~-]+";

/** A tab is a blank; any other control has no place in a line (RFC 3261 25.1). */
const CONTROL = /(?![\t\u0080-\u009f])\p{Cc}/u;

export function hasControl(line: string): boolean {
  return CONTROL.test(line);
}
