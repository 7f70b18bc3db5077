/**
 * From the network to an app:
 * bytes ─► checks ─► our response? ─► retransmission? ─► dialog? ─► method served? ─► app ─► pending.
 */
import type { App } from './app.ts';
import type { Core } from './core.ts';
import type { Dialog } from './dialogs.ts';
import type { Flow, Received } from './network/flow.ts';
import { newUuid, timeOfDay } from './ids.ts';
import { isResponse, readCSeq, readMessage, valueOf, type Header, type Request } from './text/message.ts';
import { ownReply } from './reply.ts';
import { badHeader } from './text/syntax.ts';
import { tagOf } from './text/uri.ts';
import { readVia, received as receivedVia, type Via } from './text/via.ts';

const SERVED: ReadonlySet<string> = new Set(
  'REGISTER MESSAGE SUBSCRIBE NOTIFY PUBLISH OPTIONS INFO'.split(' '),
);
/** What makes no sense outside calls, and calls are not served. Any other method may come inside a dialog. */
const CALLS_ONLY: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'CANCEL', 'PRACK']);
const ALLOW = 'Allow: REGISTER, MESSAGE, SUBSCRIBE, NOTIFY, PUBLISH, OPTIONS, INFO';

/** drachtio-server's stack refuses longer lines, because its message log can't hold them. */
const MAX_LINE = 8_192;

/** A request with all that routing wants to know of it. */
interface Incoming {
  readonly flow: Flow;
  readonly received: Received;
  readonly request: Request;
  readonly via: Via;
  /** Via values with the top one rewritten. */
  readonly vias: readonly string[];
  readonly headers: readonly Header[];
  readonly callId: string;
  readonly key: string;
}

export function receive(core: Core, flow: Flow, received: Received): void {
  const head = received.bytes.toString('latin1', 0, received.headLength);
  const message = readMessage(head, received.body);
  if (!message) return;
  const via = readVia(valueOf(message, 'via') ?? '');
  if (!via) return;
  if (isResponse(message)) {
    // What answers nothing of ours is dropped. drachtio-server sends it on to the next Via, wherever a stranger says that is.
    core.clients.receive(via.branch, message, received.bytes.length, flow);
  } else route(core, prepare(flow, received, message, via));
}

function prepare(flow: Flow, received: Received, request: Request, via: Via): Incoming {
  const { host, port } = flow.remote;
  const [, ...lower] = request.headers.filter((header) => header.key === 'via');
  const vias = [receivedVia(via, host, port), ...via.rest, ...lower.map((header) => header.value)];
  const callId = valueOf(request, 'call-id') ?? '';
  const cseq = readCSeq(valueOf(request, 'cseq'));
  const key = `${callId}\n${request.method}\n${cseq?.number ?? ''}\n${via.branch}\n${via.sentBy}`;
  return { flow, received, request, via, vias, headers: request.headers, callId, key };
}

function route(core: Core, incoming: Incoming): void {
  const { flow, request, via } = incoming;
  const refuse = (status: number, reason?: string, headers: readonly string[] = []) =>
    flow.send(ownReply(incoming, status, { reason, headers }));
  const fault = faultOf(incoming);
  if (fault) {
    if (request.method !== 'ACK') refuse(fault.status, fault.reason);
    if (fault.shuts) flow.end();
    return;
  }
  if (
    via.protocol.toLowerCase() !== flow.protocol ||
    core.servers.absorb(incoming.key, incoming.received.bytes.length)
  )
    return;
  const dialog = core.dialogs.match(
    incoming.callId,
    tagOf(valueOf(request, 'to')),
    tagOf(valueOf(request, 'from')),
  );
  if (dialog && !CALLS_ONLY.has(request.method)) routeInDialog(core, incoming, dialog);
  // With a Route through us, too: drachtio-server forwards that along, for anybody to anywhere.
  else if (SERVED.has(request.method)) routeNew(core, incoming, refuse);
  else if (request.method === 'BYE' || request.method === 'UPDATE' || request.method === 'CANCEL')
    refuse(481);
  // drachtio-server serves INVITE and is silent on the rest; here the sender is told.
  else if (request.method !== 'ACK' && request.method !== 'PRACK') refuse(405, undefined, [ALLOW]);
}

interface Fault {
  readonly status: number;
  readonly reason?: string;
  /** sofia-sip shuts a stream after its own 400, but not after drachtio-server's. */
  readonly shuts: boolean;
}

/** What drachtio-server answers before any app has a say. */
function faultOf(incoming: Incoming): Fault | undefined {
  const { received, request } = incoming;
  if (received.fault === 'too-large') return { status: 413, shuts: true };
  if (received.fault === 'content-length')
    return { status: 400, reason: 'Bad Content-Length Header', shuts: true };
  const bad = badHeader(request.headers);
  if (bad !== undefined) return { status: 400, reason: bad, shuts: bad !== 'Bad Request' };
  const cseq = readCSeq(valueOf(request, 'cseq'));
  const complete = ['from', 'to', 'call-id'].every((key) => valueOf(request, key) !== undefined);
  if (hasBadBytes(received.bytes) || cseq?.method !== request.method || !complete)
    return { status: 400, shuts: true };
  if (request.version.toUpperCase() !== 'SIP/2.0') return { status: 505, shuts: true };
  const length = Number(valueOf(request, 'content-length') ?? received.body.length);
  if (length > received.body.length && received.body.length > 0) return { status: 400, shuts: true };
  return hasBadWildcard(request) ? { status: 400, shuts: false } : undefined;
}

function hasBadWildcard(request: Request): boolean {
  if (request.method !== 'REGISTER' || valueOf(request, 'contact') !== '*') return false;
  return (valueOf(request, 'expires') ?? '0') !== '0';
}

function hasBadBytes(bytes: Buffer): boolean {
  if (bytes.includes(0)) return true;
  if (bytes.length <= MAX_LINE) return false;
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    const length = (end < 0 ? bytes.length : bytes[end - 1] === 0x0d ? end - 1 : end) - start;
    if (length > MAX_LINE) return true;
    if (end < 0) break;
    start = end + 1;
  }
  return false;
}

function routeNew(core: Core, incoming: Incoming, refuse: (status: number) => void): void {
  const app = core.servers.full ? undefined : core.routes.choose(incoming.request.method);
  if (!app) {
    refuse(503);
    return;
  }
  const { host, port } = incoming.flow.local;
  dispatch(core, incoming, { app, dialog: undefined, tail: `|${host}|${port}|` });
}

function routeInDialog(core: Core, incoming: Incoming, dialog: Dialog): void {
  const { flow, key, received, request } = incoming;
  const { owner: app } = dialog;
  const id = app.alive ? dispatch(core, incoming, { app, dialog, tail: `${dialog.id}|` }) : undefined;
  if (id === undefined) {
    const response = ownReply(incoming, 481);
    core.servers.remember({ key, flow, size: received.bytes.length }, response);
    flow.send(response);
  }
  if (request.method === 'BYE') {
    // The app may still answer a BYE when its dialog is gone; any other request ends with the dialog.
    if (id !== undefined) dialog.open.delete(id);
    core.dialogs.end(dialog);
  }
  // RFC 6665 4.1.2.1: this NOTIFY is the last word of the dialog.
  if (request.method === 'NOTIFY' && (valueOf(request, 'subscription-state') ?? '').includes('terminated'))
    core.dialogs.end(dialog);
}

/** Whom a request is handed to, and what stands behind its transaction in the frame. */
interface Recipient {
  readonly app: App;
  readonly dialog: Dialog | undefined;
  readonly tail: string;
}

function dispatch(core: Core, incoming: Incoming, { app, dialog, tail }: Recipient): string {
  const { flow, received, request, vias, key } = incoming;
  const transactionId = newUuid();
  core.servers.add({
    transactionId,
    key,
    method: request.method,
    vias,
    headers: request.headers,
    flow,
    size: received.bytes.length,
    app,
    dialog,
  });
  dialog?.open.add(transactionId);
  const { protocol, remote } = flow;
  const origin = `network|${received.bytes.length}|${protocol}|${remote.host}|${remote.port}|${timeOfDay()}`;
  app.deliver(transactionId, `${origin}|${transactionId}|${tail}`, asSeenByApps(incoming));
  return transactionId;
}

/**
 * The message in its own bytes; only the first Via line is replaced, and a list in it unrolled. The start line is written
 * as RFC 3261 7.1 has it: in another spelling drachtio-srf does not know it, and the sender would never hear of it.
 */
function asSeenByApps(incoming: Incoming): Buffer {
  const { received, request, via, vias } = incoming;
  const head = received.bytes.toString('latin1', 0, received.headLength);
  const line = /\r\n(?:via|v)[ \t]*:(?:[^\r\n]|\r\n[ \t])*/i.exec(head);
  const start = line?.index ?? request.startLine.length;
  const end = start + (line?.[0].length ?? 0);
  const ours = vias.slice(0, 1 + via.rest.length).map((value) => `\r\nVia: ${value}`);
  const length = valueOf(request, 'content-length');
  const body = length === undefined ? received.body : received.body.subarray(0, Number(length));
  const { method, uri, startLine } = request;
  const before = `${method} ${uri} SIP/2.0${head.slice(startLine.length, start)}`;
  const text = Buffer.from(`${before}${ours.join('')}${head.slice(end)}\r\n\r\n`, 'latin1');
  return body.length === 0 ? text : Buffer.concat([text, body]);
}
