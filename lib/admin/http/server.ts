/**
 * The listener: how many may ask, and how long each may take.
 *
 *   closed ──open──► opening ──listening──► open ──close──► closing ──► closed
 *              └── the address can't be had ──► closed
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import { parseListen, USUAL_LISTEN, type ListenAddress } from './address.ts';

const log = logger('admin');

/** What a stranger may hold: connections, and each of them for as long, ms. */
export interface HttpLimits {
  readonly connections: number;
  /** Until the head, and until the whole request is there. */
  readonly headTime: number;
  readonly requestTime: number;
  /** Between two requests, and without a byte in either direction. */
  readonly keepAlive: number;
  readonly idle: number;
}

const LIMITS: HttpLimits = {
  connections: 250,
  headTime: 10_000,
  requestTime: 20_000,
  keepAlive: 5_000,
  idle: 60_000,
};
const HEADERS = 100;
const HEADER_BYTES = 16_384;
const LOOK_EVERY = 500;

export class HttpServer {
  readonly #server: Server;
  #closed: Promise<void> | undefined;

  constructor(listener: RequestListener, limits: HttpLimits = LIMITS) {
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES,
        headersTimeout: limits.headTime,
        requestTimeout: limits.requestTime,
        keepAliveTimeout: limits.keepAlive,
        connectionsCheckingInterval: LOOK_EVERY,
      },
      listener,
    );
    this.#server.maxConnections = limits.connections;
    this.#server.maxHeadersCount = HEADERS;
    this.#server.setTimeout(limits.idle);
  }

  /**
   * Listens, and says where.
   * @param wanted '' for the usual address, or another port while that one is taken: a second instance need not be told
   * @throws SiloError when the address can't be had
   */
  async open(wanted: string): Promise<ListenAddress> {
    const address = parseListen(wanted === '' ? USUAL_LISTEN : wanted);
    if (!address) throw new SiloError('SILO_CONFIG', `There is nothing to listen at in "${wanted}".`);
    try {
      return await this.#listen(address);
    } catch (error) {
      if (wanted !== '' || codeOf(error) !== 'EADDRINUSE') throw refusalOf(wanted || USUAL_LISTEN, error);
    }
    const found = await this.#listen({ ...address, port: 0 });
    log.warn(
      `${USUAL_LISTEN} is taken (by another drachtio-silo?), so HTTP is at ${found.host}:${found.port} this time; ` +
        'SILO_HTTP_LISTEN names an address for good, or "off".',
    );
    return found;
  }

  /** What is being answered is answered, for at most so many ms. */
  close(grace = 1_000): Promise<void> {
    this.#closed ??= this.#close(grace);
    return this.#closed;
  }

  async #listen({ host, port }: ListenAddress): Promise<ListenAddress> {
    this.#server.listen({ host, port });
    await once(this.#server, 'listening');
    // It must not keep a process alive that has nothing else to do.
    this.#server.unref();
    const { address, port: taken } = this.#server.address() as AddressInfo;
    return { host: host === 'localhost' ? host : address, port: taken };
  }

  async #close(grace: number): Promise<void> {
    if (!this.#server.listening) return;
    const over = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), grace);
    await over;
    clearTimeout(timer);
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

function refusalOf(address: string, error: unknown): SiloError {
  const code = codeOf(error);
  const why =
    code === 'EADDRINUSE'
      ? 'another program listens there'
      : code === 'EADDRNOTAVAIL'
        ? 'this machine has no such address'
        : code === 'EACCES'
          ? 'only root may listen there'
          : textOf(error);
  return new SiloError(
    'SILO_CONFIG',
    `Option SILO_HTTP_LISTEN (found ${JSON.stringify(address)}): ${why}; wanted is an address that is free, such as 127.0.0.1:0, or off.`,
    { cause: error },
  );
}
