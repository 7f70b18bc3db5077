/**
 * The one thing that drachtio-server forwards by itself, statelessly (RFC 3261 16.11): a request with a To tag whose
 * first Route is this server and whose dialog nobody knows goes along its Request-URI, and its answer comes back.
 */
import { bracketed, unbracketed } from './text/address.ts';
import type { Core } from './core.ts';
import { newBranch } from './ids.ts';
import { encode, valueOf, valuesOf, type Request, type Response } from './text/message.ts';
import { flowTo, hopOf, isNumeric } from './network/next-hop.ts';
import { paramOf, readNameAddr, readUri, splitList, tagOf } from './text/uri.ts';
import { readVia } from './text/via.ts';

/** Forwards the request when it is of that kind; `vias` are its Via values as received. */
export function forwards(core: Core, request: Request, vias: readonly string[]): boolean {
  const [first = '', ...routes] = valuesOf(request, 'route').flatMap(splitList);
  const route = readUri(readNameAddr(first)?.uri ?? '');
  const ours = core.endpoints.locals.some(({ host }) => host === unbracketed(route?.host ?? ''));
  const loose = paramOf(route?.params ?? '', 'lr') !== undefined;
  if (!ours || !loose || tagOf(valueOf(request, 'to')) === undefined) return false;
  const hop = hopOf(readNameAddr(routes[0] ?? '')?.uri ?? request.uri);
  const flow = hop && isNumeric(hop) ? flowTo(core.endpoints, hop) : undefined;
  if (!flow) return true;
  const { local, protocol } = flow;
  const rport = protocol === 'udp' ? ';rport' : '';
  const own = `SIP/2.0/${protocol.toUpperCase()} ${bracketed(local.host)}:${local.port}${rport};branch=${newBranch()}`;
  const rest = request.headers.filter((header) => header.key !== 'via' && header.key !== 'route');
  flow.send(
    encode(
      [
        request.startLine,
        ...[own, ...vias].map((via) => `Via: ${via}`),
        ...routes.map((one) => `Route: ${one}`),
        ...rest.map((header) => `${header.name}: ${header.value}`),
      ],
      request.body,
    ),
  );
  return true;
}

/** Sends an answer that is not ours to the Via below our own; without one it is dropped. */
export function forwardResponse(core: Core, response: Response): void {
  const [top = '', ...vias] = valuesOf(response, 'via').flatMap(splitList);
  const own = readVia(top)?.sentBy;
  if (!core.endpoints.locals.some(({ host, port }) => own === `${bracketed(host)}:${port}`)) return;
  const next = readVia(vias[0] ?? '');
  const sentBy = next && readUri(`sip:${next.sentBy}`);
  if (!next || !sentBy) return;
  const host = paramOf(next.params, 'received') ?? unbracketed(sentBy.host);
  const port = Number(paramOf(next.params, 'rport')) || (sentBy.port ?? 5060);
  const protocol = next.protocol === 'TCP' ? 'tcp' : 'udp';
  const hop = { protocol, host, port } as const;
  const flow = isNumeric(hop) ? flowTo(core.endpoints, hop) : undefined;
  const rest = response.headers.filter((header) => header.key !== 'via');
  flow?.send(
    encode(
      [
        response.startLine,
        ...vias.map((via) => `Via: ${via}`),
        ...rest.map((header) => `${header.name}: ${header.value}`),
      ],
      response.body,
    ),
  );
}
