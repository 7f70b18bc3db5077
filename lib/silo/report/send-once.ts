/**
 * Small messages of our own to an author: sent once, to where the author is; an answer other than 2xx is a line in the log.
 */
import { logger } from '../../base/log.ts';
import type { Answer, SipRequest } from '../../sip/drachtio/messages.ts';
import { formatSipDate, header, parseNameAddr } from '../../sip/read/headers.ts';
import { reachableFrom } from '../../sip/read/next-hop.ts';
import { flowOf } from '../../sip/read/rebinding.ts';
import { sourceOf } from '../../sip/read/source.ts';
import { requestAlong } from '../../sip/drachtio/outgoing.ts';
import { Unreachable, wayTo, type Way } from '../../sip/drachtio/way.ts';
import { aorOf, parseUri } from '../../sip/read/uri.ts';
import type { SiloContext } from '../state/context.ts';
import type { Quarantine } from '../state/quarantine.ts';
import { createUnregisteredTargets } from './unregistered-targets.ts';

const log = logger('silo:notice');

interface OutgoingNote {
  /** URIs. */
  readonly from: string;
  readonly to: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface NoteSender {
  /** @param req the MESSAGE of the author, whose Contact may say where the author is */
  send(note: OutgoingNote, req: SipRequest | undefined): Promise<void>;
}

/** Where an address came from is not known. */
const NOWHERE = { address: '', port: 0, protocol: '' };

interface Destination extends Way {
  /** The contact of a registered device; undefined: a stranger may have named this address. */
  readonly device: string | undefined;
}

export interface NoteContext extends Pick<
  SiloContext,
  'port' | 'inFlight' | 'bindings' | 'settings' | 'now'
> {
  readonly quarantine: Pick<Quarantine, 'holds'>;
}

export function createNoteSender(context: NoteContext): NoteSender {
  const { port, inFlight, bindings, settings, now, quarantine } = context;
  const unregistered = createUnregisteredTargets(inFlight, now);

  /** A registered device, else the Contact of the MESSAGE, else the address itself. */
  async function destinationOf(to: string, req: SipRequest | undefined): Promise<Destination | Unreachable> {
    const aor = aorOf(to, settings);
    const known = aor === undefined ? [] : await bindings.find(aor);
    for (const device of known.filter(({ takesMessage }) => takesMessage)) {
      const way = wayTo(device, settings.outboundProxy);
      if (!(way instanceof Unreachable) && reachableFrom(port.server(), device))
        return { ...way, device: flowOf(device) };
    }
    const contact = req === undefined ? undefined : parseNameAddr(header(req, 'Contact') ?? '')?.uri;
    if (req !== undefined && contact !== undefined && parseUri(contact)?.user !== undefined)
      return toStranger(wayTo({ contact, path: [], source: sourceOf(req) }, settings.outboundProxy));
    return toStranger(wayTo({ contact: to, path: [], source: NOWHERE }, settings.outboundProxy), '');
  }

  /** @param namedBy who says that the author is there: nobody who is known */
  function toStranger(way: Way | Unreachable, namedBy?: string): Destination | Unreachable {
    if (way instanceof Unreachable) return way;
    return { ...way, namedBy: settings.outboundProxy === '' ? namedBy : undefined, device: undefined };
  }

  function inTurn({ uri, proxy, device }: Destination, send: () => Promise<Answer>) {
    if (device !== undefined) return inFlight.take(device, send);
    // The operator's proxy knows what it can bear, and for whom.
    if (settings.outboundProxy !== '') return send();
    const hop = parseUri(proxy ?? uri);
    return unregistered.send(hop?.host ?? '', hop?.port ?? 0, send);
  }

  return {
    send: async ({ from, to, headers, body }, req) => {
      if (await quarantine.holds()) {
        log.debug(`nothing is sent to ${to}: in quarantine`);
        return;
      }
      const found = await destinationOf(to, req);
      if (found instanceof Unreachable) {
        log.debug(`nothing is sent to ${to}: ${found.reason}`);
        return;
      }
      const request = requestAlong(found, {
        method: 'MESSAGE',
        from: `<${from}>`,
        to: `<${to}>`,
        headers: { Date: formatSipDate(now()), ...headers },
        body: Buffer.from(body),
      });
      const answer = await inTurn(found, () => port.send(request));
      if (!answer) log.debug(`nothing is sent to ${to}: too many wait for its host, or it does not answer`);
      else if (answer.status >= 300) log.debug(`a notice to ${to} failed: ${answer.status} ${answer.reason}`);
    },
  };
}
