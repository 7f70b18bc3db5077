/** The transactions of a phone over UDP (RFC 3261 17): requests are repeated until they are answered, repeats get the answer again. */
import type { Socket } from 'node:dgram';
import { BoundedMap } from '../base/bounded-map.ts';
import { SiloError, textOf } from '../base/errors.ts';
import {
  BLANK_LINE,
  encode,
  isResponse,
  readMessage,
  valueOf,
  valuesOf,
  type Request,
  type Response,
} from '../embedded/text/message.ts';
import { paramOf } from '../embedded/text/uri.ts';

/** RFC 3261 17.1.1.1: the first repeat, and the longest pause, ms. */
const T1 = 500;
const T2 = 4_000;
/** Answers that are kept for repeats. */
const REMEMBERED = 1_000;

interface Waiting {
  readonly resolve: (answer: Response) => void;
  readonly reject: (error: unknown) => void;
}

export class Transactions {
  readonly #socket: Socket;
  readonly #server: string;
  readonly #onRequest: (request: Request) => number;
  readonly #asked = new Map<string, Waiting>();
  readonly #answered = new BoundedMap<string, Buffer>(REMEMBERED);

  /**
   * @param socket connected: it hears its server and nobody else
   * @param onRequest the status that a request gets
   */
  constructor(socket: Socket, server: string, onRequest: (request: Request) => number) {
    this.#socket = socket;
    this.#server = server;
    this.#onRequest = onRequest;
    socket.on('message', (bytes) => this.#receive(bytes));
    // An ICMP that nobody listens there.
    socket.on('error', (error) => this.#failed(error));
  }

  /** Resolves with the final answer. @throws SiloError `SILO_SIP_SEND` when there is none */
  request(bytes: Buffer, branch: string, limit: number): Promise<Response> {
    return new Promise<Response>((resolve, reject) => {
      let pause = T1;
      const send = () => {
        this.#socket.send(bytes);
        timer = setTimeout(send, pause);
        pause = Math.min(pause * 2, T2);
      };
      let timer: NodeJS.Timeout | undefined;
      const end = () => {
        clearTimeout(timer);
        clearTimeout(last);
        this.#asked.delete(branch);
      };
      const last = setTimeout(() => {
        end();
        reject(this.#noAnswer(`not within ${limit / 1000} s`));
      }, limit);
      this.#asked.set(branch, {
        resolve: (answer) => {
          end();
          resolve(answer);
        },
        reject: (error) => {
          end();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      });
      send();
    });
  }

  #receive(bytes: Buffer): void {
    const end = bytes.indexOf(BLANK_LINE);
    if (end <= 0) return;
    const message = readMessage(bytes.subarray(0, end).toString('latin1'), bytes.subarray(end + 4));
    if (!message) return;
    const branch = paramOf(valueOf(message, 'via') ?? '', 'branch') ?? '';
    if (!isResponse(message)) this.#answer(message, `${branch} ${message.method}`);
    // A provisional answer only says that it is heard.
    else if (message.status >= 200) this.#asked.get(branch)?.resolve(message);
  }

  #answer(request: Request, transaction: string): void {
    let answer = this.#answered.get(transaction);
    if (!answer) {
      const status = this.#onRequest(request);
      const to = valueOf(request, 'to') ?? '';
      answer = encode(
        [
          `SIP/2.0 ${status} ${status === 200 ? 'OK' : 'Method Not Allowed'}`,
          ...valuesOf(request, 'via').map((via) => `Via: ${via}`),
          `From: ${valueOf(request, 'from') ?? ''}`,
          `To: ${/;\s*tag=/i.test(to) ? to : `${to};tag=phone`}`,
          `Call-ID: ${valueOf(request, 'call-id') ?? ''}`,
          `CSeq: ${valueOf(request, 'cseq') ?? ''}`,
          'Content-Length: 0',
        ],
        Buffer.alloc(0),
      );
      this.#answered.set(transaction, answer);
    }
    this.#socket.send(answer);
  }

  #failed(error: unknown): void {
    for (const { reject } of [...this.#asked.values()]) reject(this.#noAnswer(textOf(error)));
  }

  #noAnswer(why: string): SiloError {
    return new SiloError(
      'SILO_SIP_SEND',
      `There is no answer from ${this.#server} (${why}): wanted is the address at which the application or its drachtio-server listens for SIP over UDP.`,
    );
  }
}
