/** What has to be known of drachtio-srf's inside to write frames in its place. */
import type { Socket } from 'node:net';

/** drachtio-srf's connections. */
export interface Wire {
  /** Writes a frame; returns its id. */
  send(socket: Socket, text: string): string;
  listeners(event: 'msg'): ((socket: unknown, frame: string) => void)[];
  removeAllListeners(event: 'msg'): unknown;
  on(event: 'msg', listener: (socket: unknown, frame: string) => void): unknown;
  on(event: 'connect', listener: (socket: Socket) => void): unknown;
}

/** A response as drachtio-srf makes it of a request. */
export interface ResponseAtRunTime {
  readonly socket?: Socket;
  readonly req: { readonly method: string; readonly stackTxnId: string };
  readonly msg: { readonly headers: Record<string, string>; status?: number; reason?: string };
  finished: boolean;
  emit(event: 'end', answer: { readonly status: number; readonly reason: string }): unknown;
  emit(event: 'finish'): unknown;
}

export interface Inside {
  readonly wire: Wire;
  /** The connection that requests go to. */
  readonly socket: () => Socket | undefined;
  /** Is this connection one of its own, and open? */
  readonly isUsable: (socket: Socket | undefined) => socket is Socket;
}

/** Undefined where it is not as it is known here, or where drachtio-server connects to it. */
export function wireInside(srf: unknown): Inside | undefined {
  const { client } = (srf as { readonly _app?: { readonly client?: Client } })._app ?? {};
  if (!client || client.isListening || !(client.mapServer instanceof Map)) return undefined;
  const { wp: wire, mapServer: servers } = client;
  if (typeof wire?.send !== 'function' || typeof wire.removeAllListeners !== 'function') return undefined;
  return {
    wire,
    socket: () => servers.keys().next().value as Socket | undefined,
    isUsable: (socket): socket is Socket => socket !== undefined && !socket.destroyed && servers.has(socket),
  };
}

interface Client {
  readonly wp?: Wire;
  readonly mapServer?: ReadonlyMap<Socket, unknown>;
  readonly isListening?: boolean;
}
