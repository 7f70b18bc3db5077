/** The token of SIP (RFC 3261 25.1), of which names of methods, headers and parameters are made. */

/** For a regular expression: what stands in a class of characters. */
export const TOKEN_CHARACTERS = "A-Za-z0-9\\-.!%*_+`'~";

/** For a regular expression: one token; one without dots, as event packages are made of (RFC 6665 8.4). */
export const TOKEN = `[${TOKEN_CHARACTERS}]+`;
export const TOKEN_NODOT = `[${TOKEN_CHARACTERS.replace('.', '')}]+`;

const WHOLE = new RegExp(`^${TOKEN}$`);

/** Is the text one token? */
export function isToken(text: string): boolean {
  return WHOLE.test(text);
}
