/**
 * What the conformance suite runs against: the embedded front end, or a real drachtio-server.
 *
 *   SILO_CONFORMANCE_SIP=127.0.0.1:5060 SILO_CONFORMANCE_ADMIN=127.0.0.1:9022 SILO_CONFORMANCE_SECRET=cymru \
 *     npx vitest run --no-file-parallelism test/conformance
 *
 * A real server is one for all files, so they must run one after the other. It has to listen on UDP and TCP of
 * one port, and nobody else may use it meanwhile. docs/embedded.md says which other tests take these variables.
 */
import { startFrontEnd, type FrontEndOptions } from '../../lib/embedded/front-end.ts';
import { realServer } from '../support/real-server.ts';
import { request, type Address, type RequestParts } from '../support/sip/message.ts';
import { TcpListener, TcpPeer, UdpPeer, type Peer } from '../support/sip/peer.ts';
import { RawApp, type Frame } from './raw-app.ts';

/** True when a drachtio-server is named by the environment. */
export const isReal = realServer !== undefined;

export const everyVerb = ['message', 'register', 'subscribe', 'notify', 'publish', 'options', 'info'];

export class Target {
  readonly sip: Address;
  readonly admin: Address;
  readonly secret: string;
  readonly #end: () => Promise<void>;
  readonly #open: { close(): Promise<void> }[] = [];

  private constructor(sip: Address, admin: Address, secret: string, end: () => Promise<void>) {
    this.sip = sip;
    this.admin = admin;
    this.secret = secret;
    this.#end = end;
  }

  /** `options` are for the embedded front end; a real server is as it is. */
  static async open(options: FrontEndOptions = {}): Promise<Target> {
    if (realServer !== undefined) {
      const { sip, admin, secret } = realServer;
      return new Target(sip, admin, secret, () => Promise.resolve());
    }
    const frontEnd = await startFrontEnd({ listen: '127.0.0.1:0', ...options });
    const sip = { host: '127.0.0.1', port: frontEnd.addresses[0]?.port ?? 0 };
    const admin = { host: frontEnd.adminHost, port: frontEnd.adminPort };
    return new Target(sip, admin, 'cymru', () => frontEnd.close());
  }

  get sipText(): string {
    return `${this.sip.host}:${this.sip.port}`;
  }

  /** An app that has authenticated and wants these verbs. */
  async app(verbs: readonly string[] = everyVerb): Promise<RawApp> {
    return this.#kept(await RawApp.open(this.admin, this.secret, verbs));
  }

  /** An app connection that has said nothing yet. */
  async stranger(): Promise<RawApp> {
    return this.#kept(await RawApp.connect(this.admin));
  }

  async udp(): Promise<UdpPeer> {
    return this.#kept(await UdpPeer.open(this.sip));
  }

  /** A connection that the server has taken: before that it would open one of its own towards this address. */
  async tcp(): Promise<TcpPeer> {
    const peer = this.#kept(await TcpPeer.open(this.sip));
    peer.send('\r\n\r\n');
    await peer.takeStray();
    return peer;
  }

  async listener(): Promise<TcpListener> {
    return this.#kept(await TcpListener.open());
  }

  /** Closes what a test has opened; the server has noticed. */
  async tidy(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((one) => one.close().catch(() => undefined)));
    await this.caughtUp();
  }

  /** The server has seen what happened before: it has served what came later, more than once, on both sides. */
  async caughtUp(): Promise<void> {
    const [peer, app] = [await UdpPeer.open(this.sip), await RawApp.open(this.admin, this.secret)];
    for (let turn = 0; turn < 3; turn += 1) await nothing(peer, app);
    await Promise.all([peer.close(), app.close()]);
  }

  async end(): Promise<void> {
    await this.tidy();
    await this.#end();
  }

  #kept<T extends { close(): Promise<void> }>(one: T): T {
    this.#open.push(one);
    return one;
  }
}

/** Sends a request and waits for its frame at the app. */
export async function arrive(
  peer: Peer,
  app: RawApp,
  method: string,
  parts: RequestParts = {},
): Promise<Frame> {
  peer.send(request(peer, method, parts));
  return app.take();
}

/** As {@link arrive}, and answers it. */
export async function serve(
  peer: Peer,
  app: RawApp,
  method: string,
  parts: RequestParts = {},
  statusLine = '200 OK',
  headers: readonly string[] = [],
): Promise<{ readonly frame: Frame; readonly echo: Frame }> {
  const frame = await arrive(peer, app, method, parts);
  return { frame, echo: await app.respond(frame.transactionId, statusLine, headers) };
}

/** Neither the peer nor the app has got anything, and nothing is on its way to them. */
export async function nothing(peer: Peer, app: RawApp): Promise<void> {
  await peer.nothing();
  await app.nothing();
}

export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const timeOfDay = /^\d\d:\d\d:\d\d\.\d{6}$/;
