/** drachtio-srf as it is at run time; its own types know less than it does. */
import type { Socket } from 'node:net';
import type Srf from 'drachtio-srf';

export type { Srf };

/** A middleware as `srf.use(method, …)` takes it. */
export type Middleware = Extract<Parameters<Srf['use']>[1], (...args: never[]) => void>;

export interface SrfAtRunTime {
  request(
    uri: string,
    options: {
      method: string;
      headers: Record<string, string>;
      body?: string;
      proxy?: string;
      stackDialogId?: string;
    },
    callback: (error: unknown, sent?: SentRequest) => void,
  ): void;
  connect(options: object): unknown;
  on(event: string, listener: (...args: unknown[]) => void): void;
}

/** drachtio-srf's connections. */
export interface Wire {
  /** Writes a frame; returns its id. */
  send(socket: Socket, text: string): string;
  listeners(event: 'msg'): ((socket: unknown, frame: string) => void)[];
  removeAllListeners(event: 'msg'): unknown;
  on(event: 'msg', listener: (socket: unknown, frame: string) => void): unknown;
  on(event: 'connect', listener: (socket: Socket) => void): unknown;
}

/** Once it has been told to connect. */
export function wireOf(srf: Srf): Wire {
  return (srf as unknown as { readonly _app: { readonly client: { readonly wp: Wire } } })._app.client.wp;
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

/** What has to be known of drachtio-srf's inside to write frames in its place. */
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
    socket: () => servers.keys().next().value,
    isUsable: (socket): socket is Socket => socket !== undefined && !socket.destroyed && servers.has(socket),
  };
}

interface Client {
  readonly wp?: Wire;
  readonly mapServer?: ReadonlyMap<Socket, unknown>;
  readonly isListening?: boolean;
}

interface SentRequest {
  get(name: string): unknown;
  on(event: 'response', listener: (answer: PeerAnswer) => void): void;
}

export interface PeerAnswer {
  readonly status: number;
  readonly reason?: string;
  readonly source_address?: string;
  get(name: string): unknown;
}

/** drachtio-server acknowledges a frame at once, or never; ms. */
export const ACKNOWLEDGE_LIMIT = 5_000;
