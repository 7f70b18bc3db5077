/** Who sends the inputs: a UDP socket, TCP streams and an application on the wire port. Their requests get answers of chance. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { chance } from '../../support/load/random.ts';
import { DOMAIN, request, text } from '../corpus/draft.ts';
import { FRAME_USER } from '../corpus/frames.ts';
import { bytesOf, type Input } from '../inputs.ts';
import { branchOf, mustBeAnswered } from '../well-formed.ts';
import { answerTo, brokenness, read, valueOf } from './devices.ts';
import { OpenRequests } from './open-requests.ts';
import { openStream, type Stream } from './streams.ts';
import type { Target } from './target.ts';
import { WireClient } from './wire-client.ts';

/** A stream that was spoilt hears nothing more: after so many inputs comes a new one. */
const STREAM_LIFE = 8;
/** Users whose requests get an answer of their own are forgotten behind so many. */
const MOST_ANSWERS = 2_000;

export class Senders {
  readonly open = new OpenRequests();
  /** What was broken about the requests that came. */
  readonly broken: string[] = [];
  /** Requests of the application that came. */
  arrived = 0;
  readonly #target: Target;
  readonly #udp: Socket;
  /** A word that makes the transactions of this run its own. */
  readonly #run = randomBytes(4).toString('hex');
  readonly #answers = new Map<string, Input>();
  readonly #wire: WireClient;
  #clean: Stream | undefined;
  #spoilt: Stream | undefined;
  #spoiltUses = 0;
  #barriers = 0;

  private constructor(target: Target, udp: Socket) {
    this.#target = target;
    this.#udp = udp;
    this.#wire = new WireClient(() => target.wirePort);
    udp.on('message', (bytes, from) =>
      this.#receive(bytes, (answer) => udp.send(answer, from.port, from.address)),
    );
  }

  static async open(target: Target): Promise<Senders> {
    const udp = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    udp.on('error', () => undefined);
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
    return new Senders(target, udp);
  }

  /** Sends an input; what must be answered is then in {@link open}. */
  async send(input: Input): Promise<void> {
    if (input.way === 'udp') this.#sendUdp(input);
    else if (input.way === 'tcp') await this.#sendTcp(input);
    else if (input.way === 'answer') this.#provoke(input);
    else if (input.way === 'frame') await this.#wire.send(bytesOf(input, this.#places(this.#peer)));
  }

  /** All that was sent over UDP before has been read when this has its answer. */
  async barrier(patience: number): Promise<boolean> {
    const nr = ++this.#barriers;
    const whole = text(request({ method: 'OPTIONS', to: `barrier@${DOMAIN}` }));
    const input: Input = { nr, way: 'udp', what: 'the barrier', text: whole.replaceAll('{nr}', `b{nr}`) };
    const branch = this.#branch(nr, 'b');
    this.#track(input, bytesOf(input, this.#places(this.#peer)), branch);
    return this.open.closed(branch, patience);
  }

  close(): void {
    this.#udp.close();
    this.#clean?.close();
    this.#spoilt?.close();
    this.#wire.close();
  }

  get #peer(): string {
    const { address, port } = this.#udp.address();
    return `${address}:${port}`;
  }

  #places(peer: string) {
    const { host, port } = this.#target.server;
    return { peer, server: `${host}:${port}`, run: this.#run };
  }

  /** Of a request that an input needs beside itself. */
  #branch(nr: number, part: string): string {
    return branchOf(this.#run, nr).replace(/n(?=\d+$)/, `n${part}`);
  }

  #sendUdp(input: Input): void {
    const bytes = bytesOf(input, this.#places(this.#peer));
    const { nr } = input;
    if (mustBeAnswered({ bytes, transport: 'UDP', peer: this.#peer, run: this.#run, nr }))
      this.#track(input, bytes, branchOf(this.#run, nr));
    else this.#datagram(bytes);
  }

  #track(input: Input, bytes: Buffer, branch: string): void {
    this.open.add(branch, input, () => this.#datagram(bytes));
    this.#datagram(bytes);
  }

  #datagram(bytes: Buffer): void {
    const { host, port } = this.#target.server;
    this.#udp.send(bytes, port, host, () => undefined);
  }

  async #sendTcp(input: Input): Promise<void> {
    const { nr } = input;
    const clean = await this.#cleanStream();
    if (!clean) return;
    const bytes = bytesOf(input, this.#places(clean.peer));
    if (mustBeAnswered({ bytes, transport: 'TCP', peer: clean.peer, run: this.#run, nr })) {
      // The server hangs up on what it refuses by itself, and with it on what was sent behind that.
      this.open.add(branchOf(this.#run, nr), input, () => {
        if (!clean.open) void this.#cleanStream().then((stream) => stream?.send(bytes));
      });
      clean.send(bytes, chance(nr + 1));
      return;
    }
    const spoilt = await this.#spoiltStream();
    spoilt?.send(bytesOf(input, this.#places(spoilt.peer)), chance(nr + 1));
  }

  async #cleanStream(): Promise<Stream | undefined> {
    if (!this.#clean?.open) this.#clean = await this.#stream();
    return this.#clean;
  }

  async #spoiltStream(): Promise<Stream | undefined> {
    if (!this.#spoilt?.open || ++this.#spoiltUses >= STREAM_LIFE) {
      this.#spoilt?.close();
      this.#spoilt = await this.#stream();
      this.#spoiltUses = 0;
    }
    return this.#spoilt;
  }

  #stream(): Promise<Stream | undefined> {
    const stream: { current?: Stream | undefined } = {};
    return openStream(this.#target.server, (bytes) =>
      this.#receive(bytes, (answer) => stream.current?.send(answer)),
    ).then((opened) => (stream.current = opened));
  }

  /** Registers a user and writes to it: what the application then sends gets the input as its answer. */
  #provoke(input: Input): void {
    const aor = `a${input.nr}@${DOMAIN}`;
    this.#answers.set(`a${input.nr}`, input);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST_ANSWERS && oldest !== undefined) this.#answers.delete(oldest);
    const lamp = input.nr % 4 === 0;
    const contact = `Contact: <sip:a${input.nr}@{peer}>`;
    const first = lamp
      ? request({
          method: 'SUBSCRIBE',
          from: aor,
          to: aor,
          headers: [contact, 'Event: message-summary', 'Expires: 60'],
        })
      : request({
          method: 'REGISTER',
          uri: `sip:${DOMAIN}`,
          from: aor,
          to: aor,
          headers: [contact, 'Expires: 60'],
        });
    const send = (part: string, whole: string) => {
      const one = { ...input, text: whole.replaceAll('{nr}', `${part}{nr}`) };
      this.#track(input, bytesOf(one, this.#places(this.#peer)), this.#branch(input.nr, part));
    };
    send('r', text(first));
    if (!lamp)
      send(
        'm',
        text(
          request({ method: 'MESSAGE', to: aor, headers: ['Content-Type: text/plain'], body: 'answer me' }),
        ),
      );
  }

  #receive(bytes: Buffer, reply: (answer: Buffer) => void): void {
    const message = read(bytes);
    const status = /^SIP\/2\.0 (\d{3})/.exec(message.start)?.[1];
    if (status !== undefined) {
      const branch = /branch=([^;,\s]+)/.exec(valueOf(message, 'via'))?.[1] ?? '';
      this.open.answered(branch, Number(status));
      return;
    }
    this.arrived++;
    const user = /^\S+ sip:([^@;]*)@/.exec(message.start)?.[1] ?? '';
    // What another application says on the wire port is its own affair; its user may be mutated, too.
    const broken = user.startsWith(FRAME_USER) ? undefined : brokenness(message);
    if (broken !== undefined) this.broken.push(`${broken} in ${bytes.toString('latin1')}`);
    const input = this.#answers.get(user);
    const template = input && bytesOf(input, this.#places(this.#peer)).toString('latin1');
    reply(Buffer.from(answerTo(message, template), 'latin1'));
  }
}
