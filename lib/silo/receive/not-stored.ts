/** What is delivered at once or not at all: why a message must not wait. */
import { header, parseContentType, splitList, type HeaderSource } from '../../sip/read/headers.ts';
import { readCpim } from './cpim.ts';

export interface LiveOnlyOptions {
  /** Media types that may be stored; empty: all. */
  readonly storeTypes: readonly string[];
  /** Media types that are never stored. */
  readonly skipTypes: readonly string[];
}

/** Marks the notices of a silo: never stored, never answered by another notice (the storm of kamailio issue 61). */
export const NOTICE_HEADER = 'X-Silo-Notice';

/** Typing is worthless later (RFC 3994). */
const TYPING = 'application/im-iscomposing+xml';

/** A sentence that says why this MESSAGE is not stored; undefined: it may be. */
export function whyLiveOnly(
  req: HeaderSource,
  contentType: string,
  body: Buffer,
  { storeTypes, skipTypes }: LiveOnlyOptions,
): string | undefined {
  const outer = parseContentType(contentType)?.type ?? '';
  const inner = readCpim(contentType, body)?.type ?? '';
  const types = [outer, inner].filter((type) => type !== '');
  if (types.includes(TYPING)) return 'Typing indications are not stored (RFC 3994).';
  const skipped = types.find((type) => skipTypes.some((pattern) => fits(type, pattern)));
  if (skipped !== undefined) return `Messages of type ${skipped} are not stored here.`;
  const allowed =
    types.length === 0 || types.some((type) => storeTypes.some((pattern) => fits(type, pattern)));
  if (storeTypes.length > 0 && !allowed)
    return `Messages of type ${outer} are not stored here, only ${storeTypes.join(', ')}.`;
  if (isNotice(req)) return 'Notices are not stored.';
  if (says(req, 'Cache-Control', 'no-store'))
    return 'Cache-Control: no-store says that it must not be stored.';
  // RFC 3841 9.1: the author does not want it to wait.
  if (says(req, 'Request-Disposition', 'no-queue'))
    return 'Request-Disposition: no-queue says that it must not wait.';
  return undefined;
}

export function isNotice(req: HeaderSource): boolean {
  return header(req, NOTICE_HEADER) !== undefined;
}

/** Made by a machine (RFC 3834, as SIP uses the header, too): never answered by a notice. */
export function isAutomatic(req: HeaderSource): boolean {
  const value = header(req, 'Auto-Submitted');
  return value !== undefined && !/^no\b/i.test(value);
}

function says(req: HeaderSource, name: string, token: string): boolean {
  const value = header(req, name);
  return value !== undefined && splitList(value).some((entry) => entry.trim().toLowerCase() === token);
}

/** `text/*` fits every text; case does not matter. */
function fits(type: string, pattern: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}
