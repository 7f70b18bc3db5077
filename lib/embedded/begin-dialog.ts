/** Dialogs out of 2xx answers to SUBSCRIBE, in both directions (RFC 6665 4.1.2 and 4.2.1). */
import { ownTexts } from '../base/own-text.ts';
import { bracketed } from './text/address.ts';
import type { App } from './app.ts';
import type { Core } from './core.ts';
import { dialogId, type Dialog } from './dialogs.ts';
import type { Draft } from './draft.ts';
import type { Flow } from './network/flow.ts';
import { readCSeq, valueOf, valuesOf, type Header, type Response } from './text/message.ts';
import type { PendingRequest } from './pending.ts';
import { readNameAddr, readUri, splitList, tagOf } from './text/uri.ts';

/** The remote target of a Contact: its URI without headers and without what has no place in a target. */
export function targetOf(headers: readonly Header[]): string | undefined {
  const contact = valueOf({ headers }, 'contact');
  const uri = contact === undefined ? undefined : readNameAddr(splitList(contact)[0] ?? '')?.uri;
  return uri?.split('?')[0]?.replace(/;(?:method|ttl)=[^;]*/gi, '');
}

function routesOf(headers: readonly Header[]): string[] {
  return valuesOf({ headers }, 'record-route').flatMap(splitList);
}

/** We are the notifier: the app has answered a SUBSCRIBE with 2xx, `toTag` is its tag. */
export function acceptDialog(core: Core, request: PendingRequest, toTag: string, contact: string): Dialog {
  const { headers, flow } = request;
  const callId = valueOf({ headers }, 'call-id') ?? '';
  const from = valueOf({ headers }, 'from') ?? '';
  const to = valueOf({ headers }, 'to') ?? '';
  const remoteTag = tagOf(from) ?? '';
  const facts = ownTexts({
    callId,
    localTag: toTag,
    remoteTag,
    local: tagOf(to) === undefined ? `${to};tag=${toTag}` : to,
    remote: from,
    routes: routesOf(headers),
    cseq: readCSeq(valueOf({ headers }, 'cseq'))?.number ?? 0,
    target: targetOf(headers),
    natRoute: natRouteOf(headers, flow),
    contact,
  });
  return core.dialogs.add(dialogId(facts.callId, facts.remoteTag), { ...facts, flow }, request.app);
}

/** The answer, and the way that the request took. */
interface Accepted {
  readonly response: Response;
  readonly flow: Flow;
}

/** We are the subscriber: a 2xx has come for the app's own SUBSCRIBE. */
export function beginDialog(core: Core, app: App, draft: Draft, { response, flow }: Accepted): void {
  const localTag = tagOf(draft.from) ?? '';
  const to = valueOf(response, 'to') ?? draft.to;
  const { host, port } = flow.local;
  const facts = ownTexts({
    callId: draft.callId,
    localTag,
    remoteTag: tagOf(to) ?? '',
    local: draft.from,
    remote: to,
    routes: routesOf(response.headers).reverse(),
    cseq: draft.cseq,
    target: targetOf(response.headers),
    natRoute: undefined,
    contact: `<sip:${bracketed(host)}:${port}>`,
  });
  core.dialogs.add(dialogId(facts.callId, facts.localTag), { ...facts, flow }, app);
}

/** UDP only: the source address, when the Contact says another and no proxy stands between. */
function natRouteOf(headers: readonly Header[], flow: Flow): string | undefined {
  const target = targetOf(headers);
  const uri = target === undefined ? undefined : readUri(target);
  if (flow.protocol !== 'udp' || !uri || valueOf({ headers }, 'record-route') !== undefined) return undefined;
  const host = bracketed(flow.remote.host);
  const same = uri.host === host && (uri.port === undefined || uri.port === flow.remote.port);
  return same ? undefined : `sip:${host}:${flow.remote.port}`;
}
