/** `sip` frames that carry a new request: out of any dialog (drachtio.md §2.1, §2.4). */
import { bracketed } from './address.ts';
import type { App } from './app.ts';
import {
  bracketedAddress,
  linesOf,
  localised,
  ownContact,
  readAppHeaders,
  untilUnsound,
} from './app-headers.ts';
import type { Core } from './core.ts';
import { beginDialog } from './begin-dialog.ts';
import { dialogId } from './dialogs.ts';
import type { Flow } from './flow.ts';
import { newTag, newUuid } from './ids.ts';
import { readCSeq, valueOf, type Header } from './message.ts';
import { hopOf, type Hop } from './next-hop.ts';
import { sendOver, sendTo, type Draft } from './send.ts';
import { isSound } from './syntax.ts';
import { readUri, tagOf, type Uri } from './uri.ts';
import type { AppFrame } from './wire.ts';

const methods: ReadonlySet<string> = new Set(
  'REGISTER MESSAGE SUBSCRIBE NOTIFY PUBLISH OPTIONS INFO'.split(' '),
);
/** The methods for which drachtio-server looks into its cache of registered connections. */
const cached: ReadonlySet<string> = new Set(['MESSAGE', 'NOTIFY', 'OPTIONS']);
const schemes: ReadonlySet<string> = new Set(['sip', 'sips', 'im', 'pres']);
/** drachtio-server's start line is cut behind this, and no URI any more. */
const maxStartLine = 511;

/** A reason why the app's request can't be sent; its text goes into the NOK. */
class Refused extends Error {}

export function sendNew(core: Core, app: App, frame: AppFrame): void {
  const [messageId = '', , , , proxy = ''] = frame.tokens;
  try {
    send(core, app, frame, messageId, proxy);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    app.reply(messageId, 'NOK', error.message);
  }
}

function send(core: Core, app: App, frame: AppFrame, messageId: string, proxy: string): void {
  const { method, text, uri } = readStart(frame.startLine);
  const registered = cached.has(method) ? core.registered.get(uri.user, uri.host) : undefined;
  const hop = registered ? undefined : nextHop(core, proxy === '' ? text : proxy, proxy !== '');
  const headers = localised(readAppHeaders(frame.headers), registered?.local ?? localFor(core, hop));
  const contentType = contentTypeFor(headers, frame.body);
  if (core.endpoints.locals.some((local) => isSame(uri, local.host, local.port)))
    throw new Refused('can not send request to myself');
  const draft = drafted(core, method, text, uri, headers, contentType, frame.body, registered, hop);
  const transactionId = newUuid();
  const sender = {
    app,
    messageId,
    transactionId,
    dialogId: method === 'SUBSCRIBE' ? dialogId(draft.callId, tagOf(draft.from) ?? '') : '',
    onFinal: (
      status: number,
      response: Parameters<typeof beginDialog>[3] | undefined,
      flow: Flow | undefined,
    ) => {
      if (method === 'SUBSCRIBE' && response && flow && (status === 200 || status === 202))
        beginDialog(core, app, draft, response, flow);
    },
  };
  if (registered) sendOver(core, sender, draft, registered);
  else if (!hop || sendTo(core, sender, draft, hop) === 'no transport')
    throw new Refused('requested protocol/transport not available');
}

function readStart(startLine: string): { readonly method: string; readonly text: string; readonly uri: Uri } {
  const [method = '', text = '', version = '', ...more] = startLine.split(' ');
  const uri = readUri(text);
  const fits = startLine.length <= maxStartLine && version !== '' && more.length === 0;
  if (!uri || !fits || !schemes.has(uri.scheme) || !methods.has(method))
    throw new Refused(`invalid request-uri: ${startLine.slice(0, maxStartLine)}`);
  return { method, text, uri };
}

function nextHop(core: Core, target: string, isProxy: boolean): Hop {
  const hop = hopOf(target);
  if (hop && core.endpoints.localFor(hop.host.includes(':') ? '::1' : '127.0.0.1')) return hop;
  // A proxy must be a whole URI with its scheme.
  if (isProxy && !/^[a-z]+:[^\d]|^[a-z]+:\d+\./i.test(target))
    throw new Refused('Error creating sip transaction for uac request');
  throw new Refused('requested protocol/transport not available');
}

function localFor(core: Core, hop: Hop | undefined) {
  return (
    core.endpoints.localFor(hop?.host.includes(':') === true ? '::1' : (hop?.host ?? '')) ??
    core.endpoints.locals[0]
  );
}

function contentTypeFor(headers: readonly Header[], body: Buffer): string | undefined {
  if (body.length === 0 || valueOf({ headers }, 'content-type') !== undefined) return undefined;
  if (body.toString('latin1', 0, 3) === 'v=0') return 'application/sdp';
  throw new Refused('missing content-type');
}

function isSame(uri: Uri, host: string, port: number): boolean {
  const names = host === '127.0.0.1' ? ['127.0.0.1', 'localhost'] : [bracketed(host)];
  return names.includes(uri.host) && (uri.port ?? 5060) === port;
}

function drafted(
  core: Core,
  method: string,
  text: string,
  uri: Uri,
  given: readonly Header[],
  contentType: string | undefined,
  body: Buffer,
  registered: Flow | undefined,
  hop: Hop | undefined,
): Draft {
  const headers = [...given];
  const take = (key: string) => {
    const value = headers.findLast((header) => header.key === key)?.value;
    return value;
  };
  const local = registered?.local ?? localFor(core, hop);
  const protocol = registered?.protocol ?? hop?.protocol ?? 'udp';
  const own = `<sip:${bracketed(local?.host ?? '')}:${local?.port ?? ''}${protocol === 'tcp' ? ';transport=tcp' : ''}>`;
  const from = bracketedAddress(take('from') ?? own);
  const to = bracketedAddress(take('to') ?? text);
  const callId = take('call-id') ?? newUuid();
  // Text behind `?` in a URI without brackets is no To (drachtio.md §2.5).
  if (!isSound('from', from) || !isSound('to', to) || !isSound('call-id', callId) || to.includes('?'))
    throw new Refused('Error creating leg');
  const taggedFrom = tagOf(from) === undefined ? `${from};tag=${newTag()}` : from;
  const cseq = readCSeq(take('cseq'))?.number ?? Math.floor(Date.now() / 2_000) % 0x7ff_ffff;
  const identity: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards']);
  const sound = untilUnsound(headers);
  const forwards = valueOf({ headers: sound }, 'max-forwards') ?? '70';
  const rest = [...sound.filter((header) => !identity.has(header.key)), ...uriHeaders(uri)];
  if (method === 'SUBSCRIBE' && valueOf({ headers: rest }, 'contact') === undefined)
    rest.push({ key: 'contact', name: 'Contact', value: own });
  const start = `${method} ${text.split('?')[0] ?? ''} SIP/2.0`;
  const lines = (flow: Flow | undefined) => {
    const final = flow && method !== 'REGISTER' ? ownContact(rest, flow.local, flow.protocol) : rest;
    const { known, custom } = linesOf(final);
    return [
      `Max-Forwards: ${forwards}`,
      `From: ${taggedFrom}`,
      `To: ${to}`,
      `Call-ID: ${callId}`,
      `CSeq: ${cseq} ${method}`,
      ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
      ...known,
      `Content-Length: ${body.length}`,
      ...custom,
    ];
  };
  return { method, startLine: start, lines, body, from: taggedFrom, to, callId, cseq };
}

/** The headers of a URI become headers of the request, Route included: drachtio-server's back door. */
function uriHeaders(uri: Uri): Header[] {
  return uri.headers.split('&').flatMap((pair) => {
    const equals = pair.indexOf('=');
    if (equals <= 0) return [];
    const name = unescaped(pair.slice(0, equals));
    if (name.toLowerCase() === 'body') return [];
    return [{ key: name.toLowerCase(), name, value: unescaped(pair.slice(equals + 1)) }];
  });
}

function unescaped(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
