/**
 * The Request-URI that an app gives, as drachtio-server reads and writes it: like an address without brackets (RFC 3261
 * 20.10), so `,` `;` and `?` end the user; an empty parameter or value is none; an escape that need not be is undone.
 */

const PARTS = /^([^:]*:)(?:([^@]*)@)?([^;?]*)([^?]*)/;
const ENTRY = /^[^=(]+(?:=[^=,@\\^{|}&()#][^(]*)?$/;

export interface Written {
  /** The URI on the wire, without what follows `?`. */
  readonly text: string;
  readonly user: string;
}

/** Undefined when drachtio-server can't read it. */
export function normalised(text: string): Written | undefined {
  const [, scheme = '', userinfo, host = '', params = ''] = PARTS.exec(text) ?? [];
  if (userinfo !== undefined && /[,;?]/.test(userinfo)) return undefined;
  if (
    params !== '' &&
    !params
      .slice(1)
      .split(';')
      .every((param) => ENTRY.test(param))
  )
    return undefined;
  const [name = '', ...password] = (userinfo ?? '').split(':');
  const user = unescaped(name, '&=+$,;?/');
  const head = [user, ...password.map((rest) => unescaped(rest, '&=+$'))].join(':');
  const at = userinfo === undefined ? '' : `${head}@`;
  return { text: scheme + at + host + unescaped(params, '/:&+$'), user };
}

/** @param bare reserved characters that this part of a URI may hold */
function unescaped(text: string, bare: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (found, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-_.!~*'()]/.test(char) || bare.includes(char) ? char : found.toUpperCase();
  });
}
