/** The body of a PUBLISH: a summary, none, or what its sender should send instead. */
import { SiloError } from '../../base/errors.ts';
import { bodyOf, bodyText } from '../../sip/read/body.ts';
import type { SipRequest } from '../../sip/drachtio/messages.ts';
import { header, parseContentType, splitList } from '../../sip/read/headers.ts';
import { MEDIA_TYPE } from '../request/event-package.ts';
import type { MwiSettings } from '../request/options.ts';
import { parseSummary, type ParsedSummary } from '../summary/summary.ts';

type Mode = MwiSettings['bodies'];

/** A refusal that needs more than a status: the headers that tell the publisher what to do. */
interface Refusal {
  readonly status: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The published summary; undefined when there is none (a refresh or a removal). */
export function contentOf(req: SipRequest, mode: Mode, tagged: boolean): ParsedSummary | undefined | Refusal {
  const encoding = splitList(header(req, 'Content-Encoding') ?? '');
  if (encoding.some((name) => name.toLowerCase() !== 'identity'))
    return { status: 415, headers: { 'Accept-Encoding': 'identity' } };
  const type = header(req, 'Content-Type');
  const wrongType = { status: 415, headers: { Accept: MEDIA_TYPE } };
  // The type first: what is no summary need not be text either.
  if (type !== undefined && parseContentType(type)?.type !== MEDIA_TYPE && hasBody(req)) return wrongType;
  const body = textOf(req, mode);
  if (typeof body === 'object' && 'waiting' in body) return type === undefined ? wrongType : body;
  if (body.length === 0) {
    if (tagged) return undefined;
    return { status: 400, reason: 'An initial PUBLISH needs a body.' };
  }
  if (type === undefined) return wrongType;
  // Refuses with its own sentence: 400, or 413 for a body that is too large.
  return read(body, mode);
}

/** The body; read already where it is not all text. */
function textOf(req: SipRequest, mode: Mode): Buffer | ParsedSummary {
  try {
    return bodyOf(req);
  } catch (error) {
    // In a name in Latin-1 the damage is in lines that are left out; what holds no summary keeps its 415.
    const damaged = error instanceof SiloError && error.status === 415;
    if (mode !== 'lenient' || !damaged) throw error;
    try {
      return read(bodyText(req), mode);
    } catch {
      throw error;
    }
  }
}

/**
 * Counts that can't all be true are lowered to what can, as a subscriber would do (RFC 3842 5.2): no voicemail server is
 * mended by a lamp that stays dark.
 */
function read(body: Buffer | string, mode: Mode): ParsedSummary {
  return parseSummary(body, mode === 'lenient' ? { mode, excess: 'clamp' } : { mode });
}

function hasBody(req: SipRequest): boolean {
  return header(req, 'Content-Length') !== '0' && (req.body ?? '') !== '';
}
