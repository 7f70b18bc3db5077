/**
 * Small messages of our own to an author: sent once, to where the author is; an answer other than 2xx is a line in the log.
 */
import { randomBytes } from 'node:crypto';
import { logger } from '../../base/log.ts';
import { formatSipDate, header, parseNameAddr } from '../../sip/read/headers.ts';
import { nextHopOf, reachableFrom } from '../../sip/read/next-hop.ts';
import type { Answer, SipRequest } from '../../sip/drachtio/messages.ts';
import type { Port } from '../../sip/drachtio/port.ts';
import { aorOf, parseUri, targetOf, type AorOptions } from '../../sip/read/uri.ts';
import type { BindingSource } from '../state/bindings.ts';
import type { InFlight } from '../state/in-flight.ts';
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
  send(letter: OutgoingNote, req: SipRequest | undefined): Promise<void>;
}

interface Place {
  readonly uri: string;
  readonly proxy: string | undefined;
  /** The contact of a registered device; undefined: anybody may have named this place. */
  readonly device: string | undefined;
}

export function createNoteSender(
  port: Port,
  flights: InFlight,
  bindings: BindingSource,
  settings: AorOptions & { readonly outboundProxy: string },
  now: () => number,
): NoteSender {
  const strangers = createUnregisteredTargets(flights, now);

  /** A registered device, else the Contact of the MESSAGE, else the address itself. */
  async function placeOf(to: string, req: SipRequest | undefined): Promise<Place | undefined> {
    const aor = aorOf(to, settings);
    const known = aor === undefined ? [] : await bindings.find(aor);
    const device = known.find((binding) => binding.takesMessage && reachableFrom(port.server(), binding));
    if (device) return place(device.contact, nextHopOf(device)?.proxy, device.contact);
    const contact = req === undefined ? undefined : parseNameAddr(header(req, 'Contact') ?? '')?.uri;
    if (req !== undefined && contact !== undefined && parseUri(contact)?.user !== undefined)
      return place(contact, nextHopOf({ contact, path: [], source: sourceOf(req) })?.proxy);
    return place(to, undefined);
  }

  function place(to: string, proxy: string | undefined, device?: string): Place | undefined {
    const uri = targetOf(to);
    const hop = settings.outboundProxy === '' ? proxy : settings.outboundProxy;
    return uri === undefined ? undefined : { uri, proxy: hop, device };
  }

  function fly({ uri, proxy, device }: Place, send: () => Promise<Answer>): Promise<Answer | undefined> {
    if (device !== undefined) return flights.take(device, send);
    // The operator's proxy knows what it can bear, and for whom.
    if (settings.outboundProxy !== '') return send();
    const hop = parseUri(proxy ?? uri);
    return strangers.send(hop?.host ?? '', hop?.port ?? 0, send);
  }

  return {
    send: async ({ from, to, headers, body }, req) => {
      const found = await placeOf(to, req);
      if (!found) return;
      const answer = await fly(found, () =>
        port.send({
          method: 'MESSAGE',
          uri: found.uri,
          proxy: found.proxy,
          headers: {
            From: `<${from}>;tag=${randomBytes(8).toString('hex')}`,
            To: `<${to}>`,
            'Call-ID': randomBytes(16).toString('hex'),
            Date: formatSipDate(now()),
            ...headers,
          },
          body: Buffer.from(body),
        }),
      );
      if (!answer) log.debug(`nothing is sent to ${to}: too many wait for its host, or it does not answer`);
      else if (answer.status >= 300) log.debug(`a notice to ${to} failed: ${answer.status} ${answer.reason}`);
    },
  };
}

function sourceOf(req: SipRequest): { address: string; port: number; protocol: string } {
  return { address: req.source_address, port: req.source_port, protocol: req.protocol.toLowerCase() };
}
