/**
 * Nothing is sent to a place that has not shown that it listens there: else a stranger who names somebody else in a Path or From has
 * us send that person what he likes, eleven times over UDP. A place shows it by an answer. Until then it is asked over TCP,
 * whose handshake is such an answer and costs the place next to nothing, one request at a time; where there is no TCP it is left alone.
 */
import { BoundedMap, BoundedSet } from '../../base/bounded-map.ts';
import { LOOPBACK } from '../../base/networks.ts';
import { parseUri } from '../read/uri.ts';
import { unreachedAnswer } from './local-answer.ts';
import type { Answer, OutgoingRequest, Send } from './messages.ts';

/** May be sent to without more ado: a host, or who named it. */
export type IsFree = (host: string) => boolean;

/** This machine can't be flooded by what its own hosts ask for. */
export const isThisMachine: IsFree = (host) => host === 'localhost' || LOOPBACK.has(host);

/** Hosts that are remembered. */
const MEMORY = 10_000;
/** A host without TCP is left alone for so long, ms. */
const PAUSE = 60_000;

/** `send`, with regard to `namedBy` of a request. */
export function sendShown(send: Send, isFree: IsFree, now: () => number = Date.now): Send {
  const shown = new BoundedSet<string>(MEMORY, 'hosts-shown');
  /** Host -> when it may be asked again. */
  const paused = new BoundedMap<string, number>(MEMORY, 'hosts-paused');
  const asked = new Set<string>();

  async function overTcp(request: OutgoingRequest, host: string, timeout?: number): Promise<Answer> {
    if (asked.has(host) || (paused.get(host) ?? -Infinity) > now()) return notYet(host);
    asked.add(host);
    try {
      const answer = await send({ ...request, proxy: tcpHop(request), overTcp: undefined }, timeout);
      if (answer.origin === 'stack') paused.set(host, now() + PAUSE);
      return answer;
    } finally {
      asked.delete(host);
    }
  }

  return async (request, timeout) => {
    const { namedBy } = request;
    if (namedBy === undefined || isFree(namedBy)) return send(request, timeout);
    const host = hostOf(request);
    if (isFree(host)) return send(request, timeout);
    const answer = await (shown.has(host) ? send(request, timeout) : overTcp(request, host, timeout));
    if (answer.origin === 'peer') shown.add(host);
    return answer;
  };
}

function hopOf({ proxy, uri }: OutgoingRequest) {
  return parseUri((proxy ?? uri).replace(/\?.*/s, ''));
}

function hostOf(request: OutgoingRequest): string {
  const hop = hopOf(request);
  return hop?.params.get('maddr') ?? hop?.host ?? '';
}

/** The same place over a connection. */
function tcpHop(request: OutgoingRequest): string {
  const hop = hopOf(request);
  const transport = hop?.params.get('transport')?.toLowerCase() ?? '';
  const port = hop?.port === undefined ? '' : `:${hop.port}`;
  const scheme = hop?.scheme === 'sips' ? 'sips' : 'sip';
  const over = /^(?:tls|wss?)$/.test(transport) ? transport : 'tcp';
  return `${scheme}:${hostOf(request)}${port};transport=${over}`;
}

function notYet(host: string): Answer {
  return unreachedAnswer(`${host} has not shown that it listens: SILO_TRUST names the proxies that need not`);
}
