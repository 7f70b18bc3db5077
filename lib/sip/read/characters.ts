/** What single characters may do in SIP: which ones end a line, which ones a URI escapes. */

/** C0 and DEL without HTAB; C1 is excluded because it is no line end and occurs in legal UTF-8 text. */
const CONTROL = /[^\P{Cc}\t\u0080-\u009f]/u;

/** RFC 3261 25.1, `unreserved`: exactly the characters that `encodeURIComponent` leaves alone. */
const UNRESERVED = /^[A-Za-z0-9\-_.!~*'()]*$/;
const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/;
const ESCAPE_OR_OTHER = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-_.!~*'()]/gu;

/**
 * True if the value holds CR, LF, NUL or another C0 control besides HTAB, or DEL. drachtio-server starts a new
 * header at a CR or LF inside a value, so nothing of this kind may be sent (RFC 3261 25.1, `TEXT-UTF8char`).
 */
export function hasControl(value: string): boolean {
  return CONTROL.test(value);
}

/**
 * One spelling for all spellings that RFC 3261 19.1.4 calls equivalent: unreserved characters bare, every other
 * escape with upper-case hex, and what the grammar does not allow bare (non-ASCII as UTF-8) escaped.
 *
 * An escaped reserved character stays escaped: `%2B` and `+` are different users (19.1.4, last rule). An escaped
 * NUL therefore stays `%00` (RFC 4475 3.1.1.4). Nothing is decoded twice.
 *
 * @param bare - reserved characters that the grammar of this URI part allows unescaped
 * @returns undefined when a `%` is not followed by two hex digits
 */
export function canonicalEscapes(text: string, bare: string): string | undefined {
  if (UNRESERVED.test(text)) return text;
  if (BROKEN_ESCAPE.test(text)) return undefined;
  return text.replace(ESCAPE_OR_OTHER, (found) => {
    if (found.length === 3 && found.startsWith('%')) {
      const char = String.fromCharCode(Number.parseInt(found.slice(1), 16));
      return UNRESERVED.test(char) ? char : found.toUpperCase();
    }
    return bare.includes(found) ? found : encodeURIComponent(found);
  });
}
