/** A tiny phone over UDP: it registers, writes, watches a lamp and takes what it is sent. Enough to try a server by hand. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { bracketed, type Address } from '../embedded/text/address.ts';
import { encode, valueOf, valuesOf, type Request, type Response } from '../embedded/text/message.ts';
import { tagOf } from '../embedded/text/uri.ts';
import { answerTo, challengeOf, type Account, type Challenge } from './login.ts';
import { Transactions } from './transactions.ts';

/** RFC 3261 17.1.2.2, timer F, ms. */
const PATIENCE = 32_000;
/** A stale challenge, and one by another algorithm. */
const MOST_CHALLENGES = 3;

export interface PhoneOptions {
  readonly server: Address;
  /** `user@host`: whose phone it is. */
  readonly aor: string;
  /** Asked for when the server wants one. */
  readonly password: () => Promise<string>;
  /** MESSAGE and NOTIFY; all else but OPTIONS is refused. */
  readonly onRequest?: (request: Request) => void;
  /** Without an answer a request fails after this, ms. */
  readonly patience?: number;
}

export interface Outgoing {
  readonly method: string;
  readonly uri: string;
  /** URI of To, and its tag inside a dialog. */
  readonly to: string;
  readonly toTag?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** Requests of one registration or dialog share it. */
  readonly callId?: string;
}

export class Phone {
  readonly #options: PhoneOptions;
  readonly #socket: Socket;
  readonly #transactions: Transactions;
  readonly #tag = randomBytes(6).toString('hex');
  #cseq = 0;
  #account: Account | undefined;

  private constructor(options: PhoneOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    const { host, port } = options.server;
    this.#transactions = new Transactions(socket, `${bracketed(host)}:${port}`, (request) =>
      this.#take(request),
    );
  }

  static async open(options: PhoneOptions): Promise<Phone> {
    const { host, port } = options.server;
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    // Connected, so that it has the address by which it reaches the server.
    const connected = once(socket, 'connect');
    socket.connect(port, host);
    await connected;
    return new Phone(options, socket);
  }

  /** Where it can be reached. */
  get contact(): string {
    const { address, port } = this.#socket.address();
    const [user = ''] = this.#options.aor.split('@', 1);
    return `<sip:${user}@${bracketed(address)}:${port}>`;
  }

  /** The final answer; challenges are answered. @throws SiloError when there is none, or no password */
  async request(outgoing: Outgoing): Promise<Response> {
    const callId = outgoing.callId ?? newCallId();
    let authorization: Readonly<Record<string, string>> = {};
    let before: Challenge | undefined;
    for (let time = 1; ; time++) {
      const answer = await this.#requestOnce(outgoing, callId, authorization);
      const isProxy = answer.status === 407;
      if ((answer.status !== 401 && !isProxy) || time > MOST_CHALLENGES) return answer;
      const challenge = challengeOf(valuesOf(answer, isProxy ? 'proxy-authenticate' : 'www-authenticate'));
      // The same question again: the password is wrong.
      if (!challenge || (before && !challenge.stale && challenge.algorithm === before.algorithm))
        return answer;
      before = challenge;
      this.#account ??= {
        username: this.#options.aor.split('@', 1)[0] ?? '',
        password: await this.#options.password(),
      };
      authorization = {
        [isProxy ? 'Proxy-Authorization' : 'Authorization']: answerTo(challenge, this.#account, outgoing),
      };
    }
  }

  close(): void {
    this.#socket.close();
  }

  #requestOnce(
    { method, uri, to, toTag, headers, body = Buffer.alloc(0) }: Outgoing,
    callId: string,
    authorization: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const { address, port } = this.#socket.address();
    const branch = `z9hG4bK${randomBytes(8).toString('hex')}`;
    const all = {
      Via: `SIP/2.0/UDP ${bracketed(address)}:${port};rport;branch=${branch}`,
      'Max-Forwards': '70',
      From: `<sip:${this.#options.aor}>;tag=${this.#tag}`,
      To: `<${to}>${toTag === undefined ? '' : `;tag=${toTag}`}`,
      'Call-ID': callId,
      CSeq: `${++this.#cseq} ${method}`,
      ...authorization,
      ...headers,
      'Content-Length': String(body.length),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    return this.#transactions.request(
      encode([`${method} ${uri} SIP/2.0`, ...lines], body),
      branch,
      this.#options.patience ?? PATIENCE,
    );
  }

  #take(request: Request): number {
    if (!['MESSAGE', 'NOTIFY', 'OPTIONS'].includes(request.method)) return 405;
    this.#options.onRequest?.(request);
    return 200;
  }
}

export function newCallId(): string {
  return randomBytes(12).toString('hex');
}

/** The tag of the other side. */
export function remoteTagOf(answer: Response): string | undefined {
  return tagOf(valueOf(answer, 'to'));
}
