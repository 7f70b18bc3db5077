/** An AoR that an operator or a program names: `user@host`, or a URI. */
import { SiloError } from '../../base/errors.ts';
import { aorOf, type AorOptions } from './uri.ts';

/** @throws SiloError `SILO_REFUSED` 400 for what names no user */
export function askedAor(text: string, options?: AorOptions): string {
  const uri = /^(?:sips?|tel|im|pres):/i.test(text) ? text : `sip:${text}`;
  const aor = aorOf(uri, options);
  if (aor !== undefined) return aor;
  throw new SiloError(
    'SILO_REFUSED',
    `"${text.slice(0, 100)}" is no address of a user: wanted is user@host, or a SIP URI with a user.`,
    { status: 400 },
  );
}
