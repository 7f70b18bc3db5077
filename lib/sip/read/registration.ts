/** What a REGISTER really says: every contact, `*`, the query, defaults. RFC 3261 10, 3327, 3840, 5626. */
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import {
  deltaSeconds,
  expiresOf,
  hasControl,
  header,
  parseNameAddr,
  splitList,
  type HeaderSource,
} from './headers.ts';
import { sourceOf, type ReceivedRequest, type Source } from './source.ts';
import { ofThirdParty } from './third-party.ts';
import { aorOf, parseUri, type AorOptions } from './uri.ts';

const log = logger('sip:registration');

/** One Contact of a REGISTER. RFC 3261 20.10. */
export interface RegisteredContact {
  /** As sent, without angle brackets. Before sending to it: `targetOf`. */
  readonly uri: string;
  /** Its own parameter, else the Expires header; undefined when neither is there: the registrar's default applies. */
  readonly expires: number | undefined;
  /** 0 to 1; 1 when missing or malformed. */
  readonly q: number;
  /** Value of `+sip.instance` without quotes and brackets (RFC 5626 4.1). */
  readonly instance: string | undefined;
  /** `reg-id`; only together with an instance (RFC 5626 6). */
  readonly regId: number | undefined;
  /** Upper case, from the `methods` parameter (RFC 3840 9). */
  readonly methods: readonly string[] | undefined;
  readonly params: ReadonlyMap<string, string | undefined>;
}

/** No Contact; contacts; `*`. RFC 3261 10.2.3, 10.2.1, 10.2.2. */
type RegistrationKind = 'query' | 'register' | 'clear';

/** A REGISTER, read whole. */
export interface Registration {
  readonly kind: RegistrationKind;
  /** Canonical, from To. */
  readonly aor: string;
  readonly contacts: readonly RegisteredContact[];
  /** Path entries as name-addr texts, in order (RFC 3327). */
  readonly path: readonly string[];
  /** Upper case; undefined when there is no Allow header. */
  readonly allow: readonly string[] | undefined;
  readonly accept: string | undefined;
  readonly userAgent: string | undefined;
  readonly callId: string;
  readonly cseq: number;
  /** The Expires header. */
  readonly expires: number | undefined;
  /** Option tags, lower case. */
  readonly supported: readonly string[];
  /** Where the REGISTER came from. */
  readonly source: Source;
  /** SIP addresses of the drachtio-server that received it, '' when unknown. */
  readonly server: string;
}

/** What is needed of drachtio-srf's request. */
export interface RegisterRequest extends HeaderSource, ReceivedRequest {
  /** The drachtio-server that it came through, with its SIP addresses. */
  readonly server?: { readonly hostport?: string };
}

/** What an operator says of REGISTERs. */
export interface RegistrationOptions extends AorOptions {
  /** Is a third-party REGISTER that of an IMS S-CSCF? */
  readonly ims?: boolean;
}

/** RFC 3261 20.10: a malformed `expires` parameter counts as one hour (RFC 2543 phones send dates). */
const MALFORMED_EXPIRES = 3600;

/** As much of an instance as is kept: a longer one is no obstacle. */
const MAX_INSTANCE = 255;

/**
 * Entries that are read of a Contact and of a Path. A datagram has room for thousands, which nobody means: they are counted
 * before they are read, since each costs a tenth of a millisecond, in which nobody else is served.
 */
export const MOST_CONTACTS = 100;
const MOST_PATHS = 50;

function refuse(found: string, wanted: string, status = 400): never {
  throw new SiloError('SILO_SIP_SYNTAX', `This REGISTER has ${found}; ${wanted}. Correct the request.`, {
    status,
  });
}

/** A value in a sentence: short, and with its controls made visible. */
const shown = (value: string): string =>
  JSON.stringify(value.length > 120 ? `${value.slice(0, 120)}…` : value);

const upper = (list: string): readonly string[] => splitList(list).map((entry) => entry.toUpperCase());

function readQ(text: string | undefined): number {
  return text !== undefined && /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Math.min(Number(text), 1) : 1;
}

function readContact(text: string, headerExpires: number | undefined): RegisteredContact {
  const contact = hasControl(text) ? undefined : parseNameAddr(text);
  // Other schemes (mailto:) may be registered too; what says sip: must be one, or nothing could ever reach it.
  if (contact === undefined || (/^(?:sips?|tel):/i.test(contact.uri) && parseUri(contact.uri) === undefined))
    return refuse(`the Contact ${shown(text)}`, 'wanted is <sip:user@host> with parameters (RFC 3261 20.10)');
  const { uri, params } = contact;
  const instance = params.get('+sip.instance')?.replace(/^<|>$/g, '').trim().slice(0, MAX_INSTANCE);
  const regId = deltaSeconds(params.get('reg-id') ?? '') ?? 0;
  const methods = params.get('methods');
  return {
    uri,
    expires: params.has('expires')
      ? (deltaSeconds(params.get('expires')?.trim() ?? '') ?? MALFORMED_EXPIRES)
      : headerExpires,
    q: readQ(params.get('q')),
    instance: instance === '' ? undefined : instance,
    // RFC 5626 6: without an instance, reg-id is to be ignored; it runs from 1 to 2^31-1 (4.2.1).
    regId: instance && regId > 0 && regId < 2 ** 31 ? regId : undefined,
    methods: methods === undefined ? undefined : upper(methods),
    params,
  };
}

/** RFC 3261 10.3 step 6: `*` stands alone and with `Expires: 0`. */
function readContacts(
  list: string | undefined,
  expires: number | undefined,
): Pick<Registration, 'kind' | 'contacts'> {
  if (list === undefined) return { kind: 'query', contacts: [] };
  const entries = splitList(list);
  if (entries.length > MOST_CONTACTS)
    return refuse(`${entries.length} contacts`, `at most ${MOST_CONTACTS} of one request are taken`, 403);
  if (entries.length === 0) return refuse('an empty Contact', 'leave the header out to ask for bindings');
  if (!entries.includes('*'))
    return { kind: 'register', contacts: entries.map((entry) => readContact(entry, expires)) };
  if (entries.length > 1)
    return refuse('Contact * beside other contacts', '* must stand alone (RFC 3261 10.3)');
  if (expires !== 0)
    return refuse(
      expires === undefined ? 'Contact * without Expires' : `Contact * with Expires ${expires}`,
      '* is allowed with Expires: 0 only (RFC 3261 10.2.2)',
    );
  return { kind: 'clear', contacts: [] };
}

function readPath(list: string | undefined): readonly string[] {
  const entries = splitList(list ?? '');
  if (entries.length > MOST_PATHS)
    return refuse(`a Path of ${entries.length} hops`, `at most ${MOST_PATHS} are followed`);
  for (const entry of entries) {
    const uri = hasControl(entry) || !entry.includes('<') ? undefined : parseNameAddr(entry)?.uri;
    if (uri === undefined || parseUri(uri) === undefined)
      return refuse(`the Path ${shown(entry)}`, 'wanted is a list of <sip:host;lr> (RFC 3327 4)');
  }
  return entries;
}

function readCseq(text: string | undefined): number {
  const found = /^(\d+)[ \t]+REGISTER$/.exec(text ?? '');
  const cseq = Number(found?.[1] ?? Number.NaN);
  // RFC 3261 8.1.1.5: 32 bits. Of those the upper half is not allowed either, but it does no harm.
  if (cseq <= 0xffff_ffff) return cseq;
  return refuse(
    text === undefined ? 'no CSeq' : `the CSeq ${shown(text)}`,
    'wanted is a 32-bit number and REGISTER (RFC 3261 20.16)',
  );
}

/** A value only for showing and matching: left out when it could damage what it is written into. */
function harmless(value: string | undefined): string | undefined {
  return value === undefined || hasControl(value) ? undefined : value;
}

/**
 * Reads a whole REGISTER, from the headers themselves and not from `req.registration`, whose parser looks at the
 * first contact only and refuses queries. RFC 3261 10.3.
 *
 * @throws SiloError `SILO_SIP_SYNTAX` with status 400 for what can't be read, 403 for more contacts than anybody has: To without a user, `*` beside other
 * contacts or without `Expires: 0`, an unreadable Contact, Path, Expires, CSeq or Call-ID. A malformed `expires`
 * parameter of a Contact is no error but 3600 (20.10).
 */
export function readRegistration(req: RegisterRequest, options: RegistrationOptions = {}): Registration {
  const of = [options.telDomain, options.ims, ...DECISIVE.map((name) => header(req, name))];
  const known = READ.get(req);
  if (known?.of.every((value, index) => value === of[index])) return known.registration;
  const registration = readAnew(req, options);
  READ.set(req, { of, registration });
  return registration;
}

/** Registrar, silo and lamps each read a REGISTER: the first one's reading serves all, unless an app between them has changed it. */
const READ = new WeakMap<
  RegisterRequest,
  { readonly of: readonly unknown[]; readonly registration: Registration }
>();
const DECISIVE = ['To', 'Contact', 'Expires', 'Path'] as const;

function readAnew(req: RegisterRequest, options: RegistrationOptions): Registration {
  const to = header(req, 'To');
  const aor = aorOf(parseNameAddr(to ?? '')?.uri ?? '', options);
  if (aor === undefined)
    return refuse(
      to === undefined ? 'no To' : `the To ${shown(to)}`,
      'wanted is <sip:user@domain> (RFC 3261 10.2)',
    );
  const expires = expiresOf(req);
  if (expires === 'bad')
    return refuse(`the Expires ${shown(header(req, 'Expires') ?? '')}`, 'wanted is a number of seconds');
  const callId = harmless(header(req, 'Call-ID'));
  if (!callId) return refuse('no readable Call-ID', 'wanted is one (RFC 3261 8.1.1.4)');
  const allow = header(req, 'Allow');
  const registration: Registration = {
    ...readContacts(header(req, 'Contact'), expires),
    aor,
    path: readPath(header(req, 'Path')),
    allow: allow === undefined ? undefined : upper(allow),
    accept: harmless(header(req, 'Accept')),
    userAgent: harmless(header(req, 'User-Agent')),
    callId,
    cseq: readCseq(header(req, 'CSeq')),
    expires,
    supported: splitList(header(req, 'Supported') ?? '').map((tag) => tag.toLowerCase()),
    server: (req.server?.hostport ?? '').slice(0, 255),
    source: sourceOf(req),
  };
  return options.ims === true ? ofThirdParty(req, registration) : registration;
}

/**
 * Can this contact take a MESSAGE? Its `methods` parameter decides where there is one (RFC 3840 9), else the Allow
 * header of the REGISTER, else yes (RFC 3261 20.5: no Allow says nothing).
 */
export function takesMessage(contact: RegisteredContact, registration: Pick<Registration, 'allow'>): boolean {
  return (contact.methods ?? registration.allow)?.includes('MESSAGE') ?? true;
}

/** What this request registers; undefined for another method, and when it can't be read: the registrar will say so. */
export function registrationOf(
  req: RegisterRequest & { readonly method: string },
  options: RegistrationOptions = {},
): Registration | undefined {
  if (req.method !== 'REGISTER') return undefined;
  try {
    return readRegistration(req, options);
  } catch (error) {
    log.debug(`a REGISTER can't be read: ${textOf(error)}`);
    return undefined;
  }
}
