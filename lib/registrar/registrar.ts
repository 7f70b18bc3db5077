/** A registrar (RFC 3261 10.3) with persistent bindings: what `app.ts` needs to stand alone. */
import { BoundedSet } from '../base/bounded-map.ts';
import { epochSeconds } from '../base/clock.ts';
import { SiloError } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import { checkOptions } from '../options/check.ts';
import { bindingsOf } from '../sip/read/binding.ts';
import { formatSipDate } from '../sip/read/headers.ts';
import type { Next, SipRequest, SipResponse } from '../sip/drachtio/messages.ts';
import type { Middleware, Port } from '../sip/drachtio/port.ts';
import { MAX_REQUEST_URI, Unreachable, wayTo } from '../sip/drachtio/way.ts';
import type { Location } from '../sip/read/next-hop.ts';
import { readRegistration, type Registration } from '../sip/read/registration.ts';
import { checkUnderstood } from '../sip/read/understood.ts';
import type { Binding } from '../sip/read/binding.ts';
import { registeredContact } from '../sip/read/third-party.ts';
import { splitAor } from '../sip/read/uri.ts';
import { WIDTHS, needKept } from '../stores/contract/widths.ts';
import type { Store } from '../stores/contract/store.ts';
import { registrarOptions, type RegistrarOptions } from './options.ts';

const log = logger('registrar');
/** Bytes that the Path and the contacts of an answer may have: drachtio passes 8,400 of headers. */
const MAX_PATH = 2_000;
const MAX_CONTACTS = 5_000;
/** AoRs that are remembered, so that a phone that tries again and again fills no log. */
const TOLD = 1_000;

export interface Registrar {
  /** Answers REGISTER. */
  readonly onRegister: Middleware;
  /** Unexpired bindings of an AoR. */
  readonly find: (aor: string) => Promise<readonly Binding[]>;
  readonly among: (aors: readonly string[]) => Promise<readonly string[]>;
  /** This process remembers nothing of this AoR any more. */
  readonly forget: (aor: string) => void;
}

export interface RegistrarDependencies {
  readonly port: Port;
  readonly store: Store;
  /** Clock in epoch seconds. */
  readonly now?: () => number;
}

export function createRegistrar(
  { port, store, now = epochSeconds }: RegistrarDependencies,
  options: RegistrarOptions = {},
): Registrar {
  const settings = checkOptions(registrarOptions, options);
  const contactOf = settings.ims ? registeredContact : ({ contact }: Binding) => contact;
  /** AoRs whose unreachable devices the operator has been told of. */
  const told = new BoundedSet<string>(TOLD, 'registrar-told');

  function granted(seconds: number | undefined): number {
    const wanted = seconds ?? settings.defaultExpires;
    // RFC 3261 10.2.8: too brief is refused, too long is shortened; zero is a removal.
    if (wanted > 0 && wanted < settings.minExpires)
      throw new SiloError('SILO_REFUSED', `Interval Too Brief: at least ${settings.minExpires} s`, {
        status: 423,
      });
    return Math.min(wanted, settings.maxExpires);
  }

  /** What could never be sent to, or answered, is said now, not at each delivery. A contact that leaves may be as it likes. */
  function checkWays({ aor, contacts, path, source, callId }: Registration): void {
    for (const { uri, expires } of contacts) {
      const reason = expires === 0 ? undefined : whyUnreachable({ contact: uri, path, source });
      if (reason === undefined) continue;
      log.debug(`the registration of ${uri} for ${aor} is refused: ${reason}`, {
        box: aor,
        contact: uri,
        callId,
      });
      // Behind a proxy that replicates registrations nobody hears our answer.
      if (!told.has(aor))
        log.warn(`A registration is refused, since nothing could be sent to its device: ${reason}`);
      told.add(aor);
      throw new SiloError('SILO_REFUSED', reason, { status: 400 });
    }
    const bytes = Buffer.byteLength(path.join(', '));
    if (bytes > MAX_PATH)
      throw new SiloError('SILO_REFUSED', `The Path has ${bytes} bytes, at most ${MAX_PATH} can be kept.`, {
        status: 400,
      });
  }

  async function onRegister(req: SipRequest, res: SipResponse, next: Next): Promise<void> {
    if (req.method !== 'REGISTER') {
      next();
      return;
    }
    checkUnderstood(req);
    const registration = readRegistration(req, settings);
    checkWays(registration);
    const { host } = splitAor(registration.aor);
    if (settings.domains.length > 0 && !settings.domains.includes(host))
      throw new SiloError('SILO_REFUSED', `The domain ${host} is not served here.`, { status: 404 });

    const time = now();
    try {
      const bindings = await bindingsAfter(registration, time);
      port.respond(res, 200, { headers: answerHeaders(registration, bindings, time, contactOf) });
    } catch (error) {
      if (!(error instanceof SiloError && error.status === 423)) throw error;
      port.respond(res, 423, { headers: { 'Min-Expires': String(settings.minExpires) } });
    }
  }

  async function bindingsAfter(registration: Registration, time: number): Promise<readonly Binding[]> {
    const { kind, aor, callId, cseq } = registration;
    if (kind === 'query') return store.bindings(aor, time);
    needKept(['The address in To', aor, WIDTHS.aor], ['Call-ID', callId, WIDTHS.callId]);
    const contacts = kind === 'clear' ? '*' : bindingsOf(registration, time, granted);
    const { maxContacts } = settings;
    const registered = await store.register({ aor, now: time, callId, cseq, contacts, maxContacts });
    if (!('refused' in registered)) return registered.bindings;
    throw registered.refused === 'older'
      ? new SiloError('SILO_REFUSED', 'An older REGISTER: its CSeq is not above the one stored.', {
          status: 500,
        })
      : new SiloError('SILO_REFUSED', `At most ${maxContacts} contacts per address.`, { status: 403 });
  }

  return {
    onRegister: port.middleware('registrarOnRegister', onRegister),
    find: (aor) => store.bindings(aor, now()),
    among: (aors) => store.registeredAmong(aors, now()),
    forget: (aor) => void told.delete(aor),
  };
}

function whyUnreachable(location: Location): string | undefined {
  const way = wayTo(location);
  if (!(way instanceof Unreachable)) return undefined;
  // Of another scheme: to be kept, but not without a bound.
  const bytes = Buffer.byteLength(location.contact);
  if (way.foreign && bytes <= MAX_REQUEST_URI) return undefined;
  return way.foreign ? `A Contact has ${bytes} bytes, at most ${MAX_REQUEST_URI} can be kept.` : way.reason;
}

/** The request's own first contact comes first: drachtio-server takes the life of a TCP connection from it. */
function answerHeaders(
  registration: Registration,
  bindings: readonly Binding[],
  now: number,
  contactOf: (binding: Binding) => string,
): Record<string, string> {
  const [own] = registration.contacts;
  const isOwn = ({ contact, instance, regId }: Binding) =>
    contact === own?.uri && instance === own.instance && regId === own.regId;
  const ordered = [...bindings].sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
  const contacts = ordered.map((binding) => {
    const q = binding.q === 1 ? '' : `;q=${binding.q}`;
    const instance = binding.instance === undefined ? '' : `;+sip.instance="<${binding.instance}>"`;
    const regId = binding.regId === undefined ? '' : `;reg-id=${binding.regId}`;
    return `<${contactOf(binding)}>${q}${instance}${regId};expires=${binding.expires - now}`;
  });
  // An answer has its limit: then only what this request is about.
  while (contacts.length > 1 && Buffer.byteLength(contacts.join(', ')) > MAX_CONTACTS) contacts.pop();
  const path = registration.path.length > 0 && registration.supported.includes('path');
  return {
    ...(contacts.length === 0 ? {} : { Contact: contacts.join(', ') }),
    ...(path ? { Path: registration.path.join(', '), Supported: 'path' } : {}),
    Date: formatSipDate(now),
  };
}
