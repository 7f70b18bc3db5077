/** `sip` frames that carry a new request: out of any dialog. */
import { isIP } from 'node:net';
import { bracketed, type Address } from './text/address.ts';
import type { App } from './app.ts';
import { bracketedAddress, localised, readAppHeaders, untilUnsound } from './text/app-headers.ts';
import { beginDialog } from './begin-dialog.ts';
import type { Core } from './core.ts';
import { dialogId } from './dialogs.ts';
import { draft, isIdentity, type Draft } from './draft.ts';
import { newTag, newUuid } from './ids.ts';
import { readCSeq, valueOf, type Header } from './text/message.ts';
import { hopOf, type Hop } from './network/next-hop.ts';
import { sendOver, sendTo, type Sender } from './send.ts';
import { normalised } from './text/request-uri.ts';
import { isSound } from './text/syntax.ts';
import { readUri, tagOf, type Uri } from './text/uri.ts';
import type { AppFrame } from './wire.ts';

const METHODS: ReadonlySet<string> = new Set(
  'REGISTER MESSAGE SUBSCRIBE NOTIFY PUBLISH OPTIONS INFO'.split(' '),
);
/** The methods for which drachtio-server looks into its cache of registered connections. */
const CACHED: ReadonlySet<string> = new Set(['MESSAGE', 'NOTIFY', 'OPTIONS']);
const SCHEMES: ReadonlySet<string> = new Set(['sip', 'sips', 'im', 'pres']);
/** drachtio-server's start line is cut behind this, and no URI any more. */
const MAX_START_LINE = 512;

/** A reason why the app's request can't be sent; its text goes into the NOK. */
class Refused extends Error {}

export function sendNew(core: Core, app: App, frame: AppFrame): void {
  const [messageId = ''] = frame.tokens;
  try {
    send(core, app, frame);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    app.reply(messageId, 'NOK', error.message);
  }
}

function send(core: Core, app: App, frame: AppFrame): void {
  const [messageId = '', , , , proxy = ''] = frame.tokens;
  const { method, target, text, uri } = readStart(frame.startLine);
  const registered = CACHED.has(method) ? core.registered.get(uri.user, uri.host) : undefined;
  const hop = registered ? undefined : nextHop(core, proxy === '' ? target : proxy, proxy !== '');
  const local = registered?.local ?? localFor(core, hop);
  const headers = localised(readAppHeaders(frame.headers), local);
  const contentType = contentTypeFor(headers, frame.body);
  if (core.endpoints.locals.some((local) => isSame(uri, local.host, local.port)))
    throw new Refused('can not send request to myself');
  const own = contactOf(local, registered?.protocol ?? hop?.protocol);
  const ready = drafted({ method, text, uri, headers, contentType, body: frame.body, own });
  const sender: Sender = {
    app,
    messageId,
    transactionId: newUuid(),
    dialogId: method === 'SUBSCRIBE' ? dialogId(ready.callId, tagOf(ready.from) ?? '') : '',
    onFinal: (status, response, flow) => {
      if (method === 'SUBSCRIBE' && response && flow && (status === 200 || status === 202))
        beginDialog(core, app, ready, { response, flow });
    },
  };
  if (registered) sendOver(core, sender, ready, registered);
  else if (!hop || sendTo(core, sender, ready, hop) === 'no transport')
    throw new Refused('requested protocol/transport not available');
}

interface Start {
  readonly method: string;
  /** As the app gave it. */
  readonly target: string;
  /** Request-URI as it goes out. */
  readonly text: string;
  readonly uri: Uri;
}

function readStart(startLine: string): Start {
  const [method = '', target = '', version = '', ...more] = startLine.split(' ');
  const uri = readUri(target);
  const fits = Buffer.byteLength(startLine) <= MAX_START_LINE && version !== '' && more.length === 0;
  if (!uri || !fits || !SCHEMES.has(uri.scheme) || !METHODS.has(method))
    throw new Refused(`invalid request-uri: ${startLine.slice(0, MAX_START_LINE)}`);
  const written = normalised(target);
  if (written === undefined) throw new Refused(`invalid request-uri: ${target}`);
  return { method, target, text: written.text, uri: { ...uri, user: written.user } };
}

function nextHop(core: Core, target: string, isProxy: boolean): Hop {
  // A proxy must be a whole URI with its scheme: `host:port` reads as one with a strange scheme, or as none.
  if (isProxy && !/^(?:sips?|im|pres):/i.test(target))
    throw new Refused('Error creating sip transaction for uac request');
  const hop = hopOf(target);
  if (hop && core.endpoints.localFor(familyOf(hop.host))) return hop;
  throw new Refused('requested protocol/transport not available');
}

/** The host itself where it is a number; a name may turn out as either, and is taken for IPv4 first. */
function familyOf(host: string): string {
  return host.includes(':') ? host : isIP(host) === 0 ? '127.0.0.1' : host;
}

function localFor(core: Core, hop: Hop | undefined): Address | undefined {
  return core.endpoints.localFor(familyOf(hop?.host ?? '')) ?? core.endpoints.locals[0];
}

function contactOf(local: Address | undefined, protocol: string | undefined): string {
  const transport = protocol === 'tcp' ? ';transport=tcp' : '';
  return local ? `<sip:${bracketed(local.host)}:${local.port}${transport}>` : '';
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

interface Wanted {
  readonly method: string;
  readonly text: string;
  readonly uri: Uri;
  readonly headers: readonly Header[];
  readonly contentType: string | undefined;
  readonly body: Buffer;
  /** Our address on the way that the request takes, as a Contact. */
  readonly own: string;
}

function drafted({ method, text, uri, headers, contentType, body, own }: Wanted): Draft {
  const last = (key: string) => headers.findLast((header) => header.key === key)?.value;
  const from = bracketedAddress(last('from') ?? own);
  const to = bracketedAddress(last('to') ?? text);
  const callId = last('call-id') ?? newUuid();
  // What follows `?` in a URI without brackets is no To.
  const addressed = last('to') !== undefined || uri.headers === '';
  if (!addressed || !isSound('from', from) || !isSound('to', to) || !isSound('call-id', callId))
    throw new Refused('Error creating leg');
  const sound = untilUnsound(headers);
  const rest = [...sound, ...uriHeaders(uri)].filter((header) => !isIdentity(header.key));
  if (method === 'SUBSCRIBE' && valueOf({ headers: rest }, 'contact') === undefined)
    rest.push({ key: 'contact', name: 'Contact', value: own });
  return draft({
    method,
    uri: text,
    routes: [],
    forwards: valueOf({ headers: sound }, 'max-forwards'),
    from: tagOf(from) === undefined ? `${from};tag=${newTag()}` : from,
    to,
    callId,
    // Half the seconds: equal for two requests within two seconds, as in drachtio-server.
    cseq: readCSeq(last('cseq'))?.number ?? Math.floor(Date.now() / 2_000) % 0x7ff_ffff,
    contentType,
    headers: rest,
    body,
  });
}

/** The headers of a URI become headers of the request, Route included: drachtio-server's back door. */
function uriHeaders(uri: Uri): Header[] {
  return uri.headers.split('&').flatMap((pair) => {
    const equals = pair.indexOf('=');
    if (equals <= 0) return [];
    const name = unescaped(pair.slice(0, equals));
    if (name.toLowerCase() === 'body') return [];
    const value = unescaped(pair.slice(equals + 1)).replace(/[\r\n]+/g, ' ');
    return [{ key: name.toLowerCase(), name, value }];
  });
}

function unescaped(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
