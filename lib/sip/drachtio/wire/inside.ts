/** What has to be known of drachtio-srf's inside to write frames in its place. */
import type { Socket } from 'node:net';

/** drachtio-srf's connections. */
export interface Wire {
  /** Writes a frame; returns its id. */
  send(socket: Socket, text: string): string;
  listeners(event: 'msg'): ((socket: Socket, frame: string) => void)[];
  removeAllListeners(event: 'msg'): unknown;
  on(event: 'msg', listener: (socket: Socket, frame: string) => void): unknown;
  on(event: 'connect', listener: (socket: Socket) => void): unknown;
}

/** A response as drachtio-srf makes it of a request. */
export interface ResponseAtRunTime {
  readonly socket?: Socket;
  readonly req: { readonly method: string; readonly stackTxnId: string };
  readonly msg: {
    readonly headers: Record<string, string>;
    readonly body?: string;
    status?: number;
    reason?: string;
  };
  finished: boolean;
  /** Where drachtio-server had it, and in which transaction and dialog. */
  meta: Readonly<Record<string, string | undefined>>;
  send(status: number, reason: string, options: object, callback: unknown, prack: unknown): void;
  emit(event: 'end', answer: { readonly status: number; readonly reason: string }): unknown;
  emit(event: 'finish'): unknown;
}

/** What drachtio-srf waits for on a connection: as long as there is anything it is not idle. */
interface Pending {
  readonly pendingRequests: Map<string, unknown>;
  readonly pendingSipRequests: Map<string, unknown>;
}

interface Client {
  readonly wp?: Wire;
  readonly mapServer?: ReadonlyMap<Socket, Partial<Pending>>;
  readonly isListening?: boolean;
}

export interface Inside {
  readonly wire: Wire;
  /** The connection that requests go to. */
  readonly socket: () => Socket | undefined;
  /** What waits on this connection; undefined for one that is not drachtio-srf's own and open. */
  readonly pendingOn: (socket: Socket | undefined) => Pending | undefined;
  /** Has a host put nothing of its own in the place of what sends? */
  readonly isUntouched: () => boolean;
}

/** Undefined where it is not as it is known here, or where drachtio-server connects to it. */
export function wireInside(srf: unknown): Inside | undefined {
  const { client } = (srf as { readonly _app?: { readonly client?: Client } })._app ?? {};
  if (!client || client.isListening || !(client.mapServer instanceof Map)) return undefined;
  const { wp: wire } = client;
  if (typeof wire?.send !== 'function' || typeof wire.removeAllListeners !== 'function') return undefined;
  const servers = client.mapServer as ReadonlyMap<Socket, Partial<Pending>>;
  return {
    wire,
    socket: () => servers.keys().next().value,
    pendingOn: (socket) => {
      if (socket === undefined || socket.destroyed) return undefined;
      const pending = servers.get(socket);
      const isKnown = pending?.pendingRequests instanceof Map && pending.pendingSipRequests instanceof Map;
      return isKnown ? (pending as Pending) : undefined;
    },
    isUntouched: () =>
      isOfItsClass(srf as object, 'request', 4) &&
      isOfItsClass(client, 'request', 4) &&
      isOfItsClass(client, 'sendResponse', 4),
  };
}

/**
 * Is it the method of its class, with so many parameters? What wraps one stands at the object, or takes whatever it is given.
 */
export function isOfItsClass(object: object, name: string, parameters: number): boolean {
  const method: unknown = Reflect.get(object, name);
  return (
    typeof method === 'function' &&
    method.length === parameters &&
    !Object.hasOwn(object, name) &&
    Object.hasOwn(Object.getPrototypeOf(object) as object, name)
  );
}
