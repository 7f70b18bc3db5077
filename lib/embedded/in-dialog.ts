/** `sip` frames that name a dialog: requests inside it. */
import type { App } from './app.ts';
import { bracketedAddress, localised, readAppHeaders, untilUnsound } from './text/app-headers.ts';
import type { Core } from './core.ts';
import type { Dialog } from './dialogs.ts';
import { draft, isIdentity, type Draft } from './draft.ts';
import type { Flow } from './network/flow.ts';
import { newUuid } from './ids.ts';
import { valueOf, type Header } from './text/message.ts';
import { hopOf } from './network/next-hop.ts';
import { sendOver, sendTo, type Sender } from './send.ts';
import { isSound } from './text/syntax.ts';
import { paramOf, readNameAddr, readUri, tagOf } from './text/uri.ts';
import type { AppFrame } from './wire.ts';

export function sendInDialog(core: Core, app: App, frame: AppFrame): void {
  const [messageId = '', , , id = ''] = frame.tokens;
  const refuse = (text: string) => app.reply(messageId, 'NOK', `Server error: ${text}`);
  const [method = '', given = ''] = frame.startLine.split(' ');
  const dialog = core.dialogs.find(id);
  if (!dialog) {
    refuse('unable to find dialog for dialog id provided');
    return;
  }
  const placeholder = given.includes('placeholder');
  const target = placeholder ? dialog.facts.target : given;
  if (target === undefined) {
    refuse(`unable to find route when sending request inside dialog for dialog id ${id}`);
    return;
  }
  const headers = localised(readAppHeaders(frame.headers), undefined);
  const typed = valueOf({ headers }, 'content-type') !== undefined;
  const guess = frame.body.toString('latin1', 0, 3) === 'v=0' ? 'application/sdp' : undefined;
  if (frame.body.length > 0 && !typed && guess === undefined) {
    refuse('missing content-type');
    return;
  }
  const contentType = typed ? undefined : guess;
  const ready = drafted(dialog, { method, target, given: headers, contentType, body: frame.body });
  const ends =
    method === 'NOTIFY' && (valueOf({ headers }, 'subscription-state') ?? '').includes('terminated');
  const sender: Sender = {
    app,
    messageId,
    transactionId: newUuid(),
    dialogId: id,
    onFinal: () => {
      if (ends || method === 'BYE') core.dialogs.end(dialog);
    },
  };
  const flow = standingFlow(core, dialog, placeholder ? target : undefined);
  if (flow) sendOver(core, sender, ready, flow);
  else {
    const hop = hopOf(dialog.facts.natRoute ?? uriOfRoute(dialog.facts.routes[0]) ?? target);
    if (!hop || sendTo(core, sender, ready, hop) === 'no transport')
      refuse('Error creating sip transaction for request');
  }
}

/**
 * The TCP connection to use: the client's registered one (it may have moved), or the dialog's own. A registered one that is
 * closed counts as well, and the request gets 410: drachtio-server forgets it when the registration ends, not before.
 */
function standingFlow(core: Core, dialog: Dialog, target: string | undefined): Flow | undefined {
  const uri = target === undefined ? undefined : readUri(target);
  const registered = uri && core.registered.get(uri.user, uri.host);
  if (registered) return registered;
  const { flow } = dialog.facts;
  return flow.protocol === 'tcp' && flow.alive ? flow : undefined;
}

function uriOfRoute(route: string | undefined): string | undefined {
  return route === undefined ? undefined : readNameAddr(route)?.uri;
}

interface Wanted {
  readonly method: string;
  readonly target: string;
  readonly given: readonly Header[];
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

function drafted(dialog: Dialog, { method, target, given, contentType, body }: Wanted): Draft {
  const { facts } = dialog;
  const sound = untilUnsound(given);
  const last = (key: string) => sound.findLast((header) => header.key === key)?.value;
  const headers = sound.filter((header) => !isIdentity(header.key));
  if (method === 'SUBSCRIBE' && last('contact') === undefined)
    headers.push({ key: 'contact', name: 'Contact', value: facts.contact });
  // RFC 3261 12.2.1.1: with a strict first route the target goes last, and the route is the Request-URI.
  const [first] = facts.routes;
  const strict = first !== undefined && !isLoose(first);
  return draft({
    method,
    uri: strict ? (uriOfRoute(first) ?? target) : target,
    routes: strict ? [...facts.routes.slice(1), `<${target}>`] : facts.routes,
    forwards: last('max-forwards'),
    // The app can break these by giving its own; only our tag is beyond it.
    from: withTag(bracketedAddress(last('from') ?? facts.local), facts.localTag),
    to: bracketedAddress(last('to') ?? facts.remote),
    callId: last('call-id') ?? facts.callId,
    cseq: dialog.nextCSeq(),
    contentType,
    headers,
    body,
  });
}

function isLoose(route: string): boolean {
  const uri = readUri(uriOfRoute(route) ?? '');
  return uri !== undefined && paramOf(uri.params, 'lr') !== undefined;
}

function withTag(value: string, tag: string): string {
  if (!isSound('from', value)) return value;
  const old = tagOf(value);
  return old === undefined ? `${value};tag=${tag}` : value.replace(`tag=${old}`, `tag=${tag}`);
}
