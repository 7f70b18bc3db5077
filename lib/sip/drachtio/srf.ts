/** drachtio-srf as it is at run time; its own types know less than it does. */
import type Srf from 'drachtio-srf';
import type { Wire } from './wire/inside.ts';

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

/** Once it has been told to connect. */
export function wireOf(srf: Srf): Wire {
  return (srf as unknown as { readonly _app: { readonly client: { readonly wp: Wire } } })._app.client.wp;
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

/** drachtio-server acknowledges a frame as soon as it is at it, or never; ms. */
export const ACKNOWLEDGE_LIMIT = 5_000;
