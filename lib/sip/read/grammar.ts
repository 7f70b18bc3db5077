/** The token of SIP (RFC 3261 25.1), of which names of methods, headers and parameters are made. */

const CHARACTERS = "A-Za-z0-9\\-.!%*_+`'~";

/** For a regular expression: one token; one without dots, as event packages are made of (RFC 6665 8.4). */
export const TOKEN = `[${CHARACTERS}]+`;
export const TOKEN_NODOT = `[${CHARACTERS.replace('.', '')}]+`;

const WHOLE = new RegExp(`^${TOKEN}$`);

/** Is the text one token? */
export function isToken(text: string): boolean {
  return WHOLE.test(text);
}
