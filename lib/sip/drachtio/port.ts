/** The one place that knows drachtio-srf, with the guards its behaviour needs: what a feature has to do with SIP, it does here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { forgetTexts } from '../../base/read-texts.ts';
import { Connections, sendToOwner } from './connections.ts';
import { createHandlers, type Handlers } from './handlers.ts';
import { createLateness } from './wire/lateness.ts';
import { sendLarge } from './large.ts';
import type { ResponseOptions, Send, SipResponse } from './messages.ts';
import { createRespond } from './respond.ts';
import { createSender } from './send.ts';
import { isThisMachine, sendShown, type IsFree } from './shown.ts';
import type { Srf, SrfAtRunTime } from './srf.ts';
import { createShortWay } from './wire/short-way.ts';
import { FrameWindow } from './wire/window.ts';

export type { Middleware, Srf } from './srf.ts';

export interface Port extends Handlers {
  /** Answers a request; a second final answer is dropped. */
  readonly respond: (res: SipResponse, status: number, options?: ResponseOptions) => void;
  readonly send: Send;
  /** May this host be sent to before it has shown that it listens? */
  readonly isFree: IsFree;
  /** Resolves when all that was sent has left drachtio-server, or after a second. */
  readonly drained: () => Promise<void>;
  /** Is there a connection to drachtio-server? */
  readonly connected: () => boolean;
  /** SIP addresses of the drachtio-server, as it names itself; '' before the first connection. */
  readonly server: () => string;
  /** How long the request that was read last had waited for us, ms. */
  readonly late: () => number;
  /** Calls the listener each time the connection was lost and is back. */
  readonly onReconnect: (listener: () => void) => void;
  /** Nothing of this AoR is remembered any more. */
  readonly forget: (aor: string) => void;
}

/** A handler that has not answered by then, ms, never will. */
const HANDLER_LIMIT = 15_000;
const DRAIN_LIMIT = 1_000;
/** Frames of ours that drachtio-server may have unacknowledged: with 20 to 40 of them a burst loses least and takes no longer. */
const MOST_UNACKNOWLEDGED = 32;

export interface PortOptions {
  /** ms after which a handler that has not answered never will. */
  readonly handlerLimit?: number;
  /** Hosts that need not show that they listen before something is sent to them, and may name others. */
  readonly isFree?: IsFree;
  /** Requests that may wait for an answer at a time, of those of the last 30 ms. */
  readonly maxUnanswered?: number;
}

export function createPort(
  srf: Srf,
  { handlerLimit = HANDLER_LIMIT, isFree = isThisMachine, maxUnanswered }: PortOptions = {},
): Port {
  const stack = srf as unknown as SrfAtRunTime;
  const window = new FrameWindow(MOST_UNACKNOWLEDGED);
  const short = createShortWay(stack);
  const respond = createRespond(window, short);
  const sender = createSender(stack, { window, short, maxUnanswered });
  const connections = new Connections();
  const lateness = createLateness();
  // The plugin may be added before or after the host app has connected: assume the best until told otherwise.
  let connected = true;
  let server = '';
  const reconnectListeners: (() => void)[] = [];
  stack.on('connect', (error, hostports) => {
    if (error) return;
    const again = !connected;
    connected = true;
    server = String(hostports).slice(0, 255);
    short.connected();
    if (again) for (const listener of reconnectListeners) listener();
  });
  for (const event of ['close', 'reconnecting'])
    stack.on(event, () => {
      connected = false;
      short.disconnected();
      // First those who wait learn why: let go, they would try, and learn something else.
      sender.disconnected();
      window.reset();
    });

  return {
    ...createHandlers(respond, handlerLimit, (req, res) => {
      lateness.note(req.stackTime);
      connections.watch(req, res);
    }),
    respond,
    send: sendToOwner(sendShown(sendLarge(sender.send), isFree), connections),
    isFree,
    drained: () => Promise.race([window.drained(), sleep(DRAIN_LIMIT, undefined, { ref: false })]),
    connected: () => connected,
    server: () => server,
    late: lateness.late,
    onReconnect: (listener) => void reconnectListeners.push(listener),
    forget: (aor) => {
      connections.forget(aor);
      forgetTexts();
    },
  };
}
