/** The last step of every request of ours: echo to the app, client transaction, answers to the app. */
import type { App } from './app.ts';
import type { Core } from './core.ts';
import type { Draft } from './draft.ts';
import type { Flow } from './network/flow.ts';
import { newBranch, newTag, timeOfDay } from './ids.ts';
import { bracketed, type Address } from './text/address.ts';
import { encode, type Response } from './text/message.ts';
import { flowTo, isNumeric, resolve, type Hop } from './network/next-hop.ts';
import { reasonOf, tagged } from './reply.ts';

export interface Sender {
  readonly app: App;
  readonly messageId: string;
  readonly transactionId: string;
  /** Comes with the answers; empty outside dialogs. */
  readonly dialogId: string;
  /** Called with each final status, the ones made here included; before the app hears of it. */
  readonly onFinal: (status: number, response: Response | undefined, flow: Flow | undefined) => void;
}

export function sendOver(core: Core, sender: Sender, draft: Draft, flow: Flow): void {
  const composed = compose(draft, flow);
  const { bytes } = composed;
  // drachtio-server names the address it sends from for UDP, and the one it sends to for TCP.
  const { host, port } = flow.protocol === 'udp' ? flow.local : flow.remote;
  echo(sender, bytes, `${bytes.length}|${flow.protocol}|${host}|${port}`);
  launch(core, sender, composed);
}

/** As {@link sendOver}, to a hop whose host may be a name; undefined when there is no transport for it. */
export function sendTo(core: Core, sender: Sender, draft: Draft, hop: Hop): 'sent' | 'no transport' {
  if (isNumeric(hop)) {
    const flow = flowTo(core.endpoints, hop);
    if (!flow) return 'no transport';
    sendOver(core, sender, draft, flow);
    return 'sent';
  }
  // While the name is looked up the way is unknown: drachtio-server shows a message without Via.
  echo(sender, encode([draft.startLine, ...draft.lines(undefined)], draft.body), '0|unknown||0');
  void resolve(core.endpoints, hop).then((flow) => {
    if (flow) launch(core, sender, compose(draft, flow));
    else failed(sender, draft, { protocol: 'unknown', status: 503, reason: 'DNS Error' });
  });
  return 'sent';
}

/** A request as it leaves, on its way. */
interface Composed {
  readonly draft: Draft;
  readonly flow: Flow;
  readonly branch: string;
  readonly bytes: Buffer;
}

function compose(draft: Draft, flow: Flow): Composed {
  const branch = newBranch();
  const lines = [draft.startLine, `Via: ${viaOf(flow.protocol, flow.local, branch)}`, ...draft.lines(flow)];
  return { draft, flow, branch, bytes: encode(lines, draft.body) };
}

function viaOf(protocol: string, local: Address, branch: string): string {
  const rport = protocol === 'udp' ? ';rport' : '';
  return `SIP/2.0/${protocol.toUpperCase()} ${bracketed(local.host)}:${local.port}${rport};branch=${branch}`;
}

function echo(sender: Sender, bytes: Buffer, way: string): void {
  const { app, messageId, transactionId } = sender;
  app.echo(messageId, transactionId, `application|${way}|${timeOfDay()}|${transactionId}|Msg sent:|`, bytes);
}

function launch(core: Core, sender: Sender, { draft, flow, branch, bytes }: Composed): void {
  core.clients.start({
    branch,
    method: draft.method,
    request: bytes,
    flow,
    onResponse: (response, size, from) => {
      if (response.status >= 200) sender.onFinal(response.status, response, flow);
      const { remote } = from;
      const origin = `network|${size}|${from.protocol}|${remote.host}|${remote.port}|${timeOfDay()}`;
      const lines = [response.startLine, ...response.headers.map((one) => `${one.name}: ${one.value}`)];
      answer(sender, origin, encode(lines, response.body));
    },
    onFailure: (status) => {
      const via = viaOf(flow.protocol, flow.local, branch);
      failed(sender, draft, { protocol: flow.protocol, via, status });
    },
  });
  if (!flow.alive) core.clients.fail(branch, 410);
  if (flow.protocol === 'udp')
    void core.loopback.isClosed(flow.remote).then((closed) => {
      if (closed) core.clients.fail(branch, 503);
    });
}

interface Failure {
  readonly protocol: string;
  readonly status: number;
  readonly via?: string;
  readonly reason?: string;
}

/** An answer made here looks like one from the network, but for its empty source. */
function failed(
  sender: Sender,
  draft: Draft,
  { protocol, status, via, reason = reasonOf(status) }: Failure,
): void {
  sender.onFinal(status, undefined, undefined);
  const lines = [
    `SIP/2.0 ${status} ${reason}`,
    ...(via === undefined ? [] : [`Via: ${via}`]),
    `From: ${draft.from}`,
    `To: ${tagged(draft.to, newTag())}`,
    `Call-ID: ${draft.callId}`,
    `CSeq: ${draft.cseq} ${draft.method}`,
    'Content-Length: 0',
  ];
  answer(sender, `network|0|${protocol}||0|${timeOfDay()}`, encode(lines, Buffer.alloc(0)));
}

function answer(sender: Sender, origin: string, message: Buffer): void {
  const { app, transactionId, dialogId } = sender;
  app.deliver(transactionId, `${origin}|${transactionId}|${dialogId}|`, message);
}
