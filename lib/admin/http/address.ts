/** Where HTTP is listened for. */
import { isIP } from 'node:net';
import { LOOPBACK } from '../../base/networks.ts';

export const USUAL_LISTEN = '127.0.0.1:8060';

export interface ListenAddress {
  /** Without brackets. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

/** `127.0.0.1:8060`, `[::1]:0`, `localhost:8060`; undefined when it is none. */
export function parseListen(text: string): ListenAddress | undefined {
  const [, six, other, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? other ?? '';
  const port = Number(digits);
  const isHost = six === undefined ? isIP(host) === 4 || host === 'localhost' : isIP(host) === 6;
  return isHost && port <= 65_535 ? { host, port } : undefined;
}

export function isOnLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || LOOPBACK.has(host);
}

/** As {@link parseListen} reads it. */
export function addressText({ host, port }: ListenAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** As a browser on this machine asks for it: an address that stands for all is asked for by that of loopback. */
export function urlOf({ host, port }: ListenAddress): string {
  const asked = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${isIP(asked) === 6 ? `[${asked}]` : asked}:${port}/`;
}
