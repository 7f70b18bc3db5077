/** A scripted SIP phone: it asks, it answers by script, and it keeps what it received. */
import { randomBytes } from 'node:crypto';
import { answerTo, login, type Login } from './digest-answer.ts';
import { hostPort, tag, written, type Address, type Sip } from './sip/message.ts';
import { TcpPeer, UdpPeer } from './sip/peer.ts';
import { Transactions } from './sip/transactions.ts';
import { LONG } from './until.ts';

/** What a phone does with a request: a status, more exactly an answer (`twice`: sent two times), anything, or silence. */
export type Reaction =
  | number
  | {
      readonly status: number;
      readonly reason?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly twice?: boolean;
    }
  | { readonly raw: (request: Sip) => string }
  | 'silence';

export interface PhoneOptions {
  readonly server: Address;
  readonly transport?: 'udp' | 'tcp' | 'tls' | 'wss';
  /** The address of this machine that it has, over UDP. */
  readonly host?: string;
  /** Its UDP port; any free one without. */
  readonly port?: number;
  readonly domain?: string;
  /** Reaction to a request; default 200 to all. */
  readonly react?: (request: Sip, nth: number) => Reaction | Promise<Reaction>;
  /** It answers challenges with this, and goes on with the last one. */
  readonly login?: Login;
  /** The same, under its name. */
  readonly password?: string | undefined;
  /** ms between repeats of a request over UDP; without, they grow like those of a client transaction. */
  readonly again?: number;
  /** False for a phone that takes so many that it only counts. */
  readonly keeps?: boolean;
  /** Hears of every message once, in the order of the wire: repeats are left out. */
  readonly watch?: (direction: 'sent' | 'received', message: Sip, phone: Phone) => void;
}

export interface RegisterOptions {
  readonly expires?: number;
  /** Contact header value; default: this phone's contact. */
  readonly contact?: string;
  /** Parameters after the default contact, e.g. `;q=0.5`. */
  readonly params?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly callId?: string;
  readonly cseq?: number;
}

export interface MessageOptions {
  readonly contentType?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly uri?: string;
  readonly to?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly tag?: string;
  readonly branch?: string;
  /** Value of Content-Length; null leaves the header out. */
  readonly contentLength?: number | null;
}

type RequestArguments = readonly [
  method: string,
  uri: string,
  to: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer | undefined,
  options?:
    { readonly branch?: string | undefined; readonly contentLength?: number | null | undefined } | undefined,
];

function openPeer({ server, transport = 'udp', host, port }: PhoneOptions): Promise<UdpPeer | TcpPeer> {
  switch (transport) {
    case 'udp':
      return UdpPeer.open(server, host, port);
    case 'tcp':
      return TcpPeer.open(server);
    case 'tls':
      return TcpPeer.openTls(server);
    case 'wss':
      return TcpPeer.openWss(server);
  }
}

interface Challenged {
  readonly challenge: string;
  /** The header that answers it. */
  readonly header: 'Authorization' | 'Proxy-Authorization';
  uses: number;
}

export class Phone {
  readonly name: string;
  readonly domain: string;
  /** Requests received, repeats left out. */
  readonly requests: Sip[] = [];
  /** The MESSAGEs of them. */
  readonly messages: Sip[] = [];
  react: NonNullable<PhoneOptions['react']>;
  /** It gives up a request, or waiting, after so many ms. */
  patience = LONG;
  readonly #keeps: boolean;
  readonly #peer: UdpPeer | TcpPeer;
  readonly #transactions: Transactions;
  readonly #waiting = new Set<() => void>();
  readonly #callId = randomBytes(6).toString('hex');
  #cseq = 0;
  /** How its challenges are answered; undefined: not at all. */
  login: Login | undefined;
  /** The challenge that it was given last, and how often it was used. */
  #challenged: Challenged | undefined;

  private constructor(name: string, options: PhoneOptions, peer: UdpPeer | TcpPeer) {
    this.name = name;
    this.domain = options.domain ?? 'example.org';
    this.react = options.react ?? (() => 200);
    this.login =
      options.login ?? (options.password === undefined ? undefined : login(name, options.password));
    this.#keeps = options.keeps ?? true;
    this.#peer = peer;
    const { again, watch } = options;
    this.#transactions = new Transactions(peer, {
      again,
      watch: watch && ((direction, message) => watch(direction, message, this)),
      take: (request) => this.#take(request),
    });
  }

  static async start(name: string, options: PhoneOptions): Promise<Phone> {
    return new Phone(name, options, await openPeer(options));
  }

  get password(): string | undefined {
    return this.login?.password;
  }

  /** What it sends goes there; over UDP this can change, also for what waits for an answer. */
  get server(): Address {
    return this.#peer.server;
  }

  moveTo(server: Address): void {
    this.#peer.server = server;
  }

  get aor(): string {
    return `${this.name}@${this.domain}`;
  }

  get contact(): string {
    const { transport } = this.#peer;
    // RFC 7118 5.2: `ws`, whether over TLS or not.
    if (transport === 'WSS') return `<sip:${this.name}@${this.#peer.host};transport=ws>`;
    return `<sip:${this.name}@${hostPort(this.#peer)}${transport === 'UDP' ? '' : `;transport=${transport.toLowerCase()}`}>`;
  }

  /** Bodies of the MESSAGEs received, as text. */
  get texts(): readonly string[] {
    return this.messages.map((message) => message.text);
  }

  register(options: RegisterOptions = {}): Promise<Sip> {
    const contact = options.contact ?? `${this.contact}${options.params ?? ''}`;
    return this.request('REGISTER', `sip:${this.domain}`, this.aor, {
      ...(contact === '' ? {} : { Contact: contact }),
      ...(options.expires === undefined ? {} : { Expires: String(options.expires) }),
      'Call-ID': options.callId ?? this.#callId,
      ...(options.cseq === undefined ? {} : { CSeq: `${options.cseq} REGISTER` }),
      ...options.headers,
    });
  }

  unregister(): Promise<Sip> {
    return this.register({ expires: 0 });
  }

  /**
   * Resolves when the app has read all that this phone has sent so far, its answers too, and has done what it does at once:
   * it has answered what came later, again and again.
   */
  async heard(): Promise<void> {
    for (let round = 0; round < 3; round++) await this.register({ contact: '' });
  }

  /** Sends a MESSAGE and resolves with the final answer. */
  message(to: string, body: string | Buffer, options: MessageOptions = {}): Promise<Sip> {
    const aor = to.includes('@') ? to : `${to}@${this.domain}`;
    const type = options.contentType === undefined ? 'text/plain' : options.contentType;
    return this.request(
      'MESSAGE',
      options.uri ?? `sip:${aor}`,
      aor,
      {
        ...(options.to === undefined ? {} : { To: options.to }),
        ...(type === null ? {} : { 'Content-Type': type }),
        ...(options.callId === undefined ? {} : { 'Call-ID': options.callId }),
        ...(options.cseq === undefined ? {} : { CSeq: `${options.cseq} MESSAGE` }),
        ...(options.tag === undefined ? {} : { From: `<sip:${this.aor}>;tag=${options.tag}` }),
        ...options.headers,
      },
      Buffer.from(body),
      options,
    );
  }

  /** Any request; resolves with the final answer. A challenge is answered, twice at most: the second may say that the first was stale. */
  async request(...request: RequestArguments): Promise<Sip> {
    let answer = await this.#requestOnce(...this.#withLogin(request, true));
    for (let time = 0; time < 2 && this.#isAsked(answer); time++) {
      if (time > 0 && !/stale=true/i.test(this.#challenged?.challenge ?? '')) break;
      answer = await this.#requestOnce(...this.#withLogin(request, false));
    }
    return answer;
  }

  #isAsked(answer: Sip): boolean {
    if (this.login === undefined || (answer.status !== 401 && answer.status !== 407)) return false;
    const [asks, header] =
      answer.status === 407
        ? (['Proxy-Authenticate', 'Proxy-Authorization'] as const)
        : (['WWW-Authenticate', 'Authorization'] as const);
    this.#challenged = { challenge: this.login.choose(answer.all(asks)), header, uses: 0 };
    return true;
  }

  /** Also before it was asked, as phones do, while the challenge of last time is good. */
  #withLogin(request: RequestArguments, first: boolean): RequestArguments {
    const [method, uri, to, headers, ...rest] = request;
    const challenged = this.#challenged;
    if (this.login === undefined || challenged === undefined || challenged.header in headers) return request;
    challenged.uses++;
    const asked = { method, uri, challenge: challenged.challenge, count: challenged.uses };
    const all = { ...headers, [challenged.header]: answerTo(asked, this.login) };
    // What was sent with a number or a branch goes anew with the next one.
    const { CSeq, ...unnumbered } = all as Record<string, string>;
    const again =
      first || CSeq === undefined
        ? all
        : { ...unnumbered, CSeq: `${Number.parseInt(CSeq, 10) + 1} ${method}` };
    const [body, options] = rest;
    if (first) return [method, uri, to, again, body, options];
    return [method, uri, to, again, body, options && { ...options, branch: undefined }];
  }

  /** Repeats over UDP like a client transaction. */
  #requestOnce(
    ...[method, uri, to, headers, body = Buffer.alloc(0), options = {}]: RequestArguments
  ): Promise<Sip> {
    const length = options.contentLength === undefined ? body.length : options.contentLength;
    const all = {
      Via: this.#via(options.branch),
      'Max-Forwards': '70',
      From: `<sip:${this.aor}>;tag=${randomBytes(4).toString('hex')}`,
      To: `<sip:${to}>`,
      'Call-ID': randomBytes(8).toString('hex'),
      CSeq: `${++this.#cseq} ${method}`,
      ...headers,
      ...(length === null ? {} : { 'Content-Length': String(length) }),
    };
    const bytes = written([`${method} ${uri} SIP/2.0`, ...linesOf(all)], body);
    return this.#transactions.request(bytes, this.patience);
  }

  #via(branch = `z9hG4bK${randomBytes(8).toString('hex')}`): string {
    return `SIP/2.0/${this.#peer.transport} ${hostPort(this.#peer)};rport;branch=${branch}`;
  }

  /** Any bytes, to the server. */
  send(bytes: Buffer): void {
    this.#peer.send(bytes);
  }

  /** Resolves when it is so, which is looked at after each request. */
  async until(so: () => boolean, found: () => string, timeout = this.patience): Promise<void> {
    const limit = performance.now() + timeout;
    while (!so()) {
      const left = limit - performance.now();
      if (left <= 0) throw new Error(`${this.name}: ${found()} within ${timeout} ms`);
      await new Promise<void>((resolve) => {
        const look = () => {
          clearTimeout(timer);
          this.#waiting.delete(look);
          resolve();
        };
        const timer = setTimeout(look, left);
        this.#waiting.add(look);
      });
    }
  }

  /** Resolves when `count` MESSAGEs have arrived. */
  async received(count: number, timeout = this.patience): Promise<readonly Sip[]> {
    const { messages } = this;
    await this.until(
      () => messages.length >= count,
      () => `${messages.length} of ${count} messages arrived`,
      timeout,
    );
    return messages;
  }

  /** Takes out of its books what it has received. */
  forget(which: (request: Sip) => boolean): void {
    for (const list of [this.requests, this.messages])
      list.splice(0, Infinity, ...list.filter((request) => !which(request)));
  }

  close(): void {
    void this.#peer.close();
  }

  #take(request: Sip): void {
    if (this.#keeps) this.requests.push(request);
    if (this.#keeps && request.method === 'MESSAGE') this.messages.push(request);
    for (const look of [...this.#waiting]) look();
    void this.#answer(request);
  }

  async #answer(request: Sip): Promise<void> {
    const reaction = await this.react(request, this.messages.length);
    if (reaction === 'silence') return;
    if (typeof reaction === 'object' && 'raw' in reaction) {
      this.#peer.send(Buffer.from(reaction.raw(request), 'latin1'), request.source);
      return;
    }
    const { status, reason, headers, twice } = {
      reason: 'Scripted',
      headers: {},
      twice: false,
      ...(typeof reaction === 'number' ? { status: reaction } : reaction),
    };
    const to = request.header('To');
    const answer = written([
      `SIP/2.0 ${status} ${reason}`,
      ...['Via', 'From', 'Call-ID', 'CSeq'].flatMap((name) =>
        request.all(name).map((value) => `${name}: ${value}`),
      ),
      `To: ${tag(to) === '' ? `${to};tag=${randomBytes(4).toString('hex')}` : to}`,
      ...linesOf(headers),
      'Content-Length: 0',
    ]);
    this.#transactions.answer(request, answer, twice ? 2 : 1);
  }
}

function linesOf(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
}
