/** A phone for load: it repeats a request until a server answers, tells only the status, and keeps nothing. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { login } from './digest-answer.ts';
import { Phone } from './phone.ts';
import type { Address, Sip } from './sip/message.ts';

/** A MESSAGE that arrived; repeats are left out. */
export interface Arrival {
  readonly callId: string;
  readonly body: string;
  /** The port of the server that it came from. */
  readonly port: number;
}

export class LoadPhone {
  /** It gives up after so many ms. */
  patience = 30_000;
  /** After 503 it says the same again: same Call-ID, CSeq and From tag. */
  tenacious = false;
  /** Its answer to a MESSAGE; the arrival is told of when that is a 2xx. */
  react: (body: string) => number = () => 200;
  onMessage: (arrival: Arrival) => void = () => undefined;
  readonly #phone: Phone;
  readonly #again: number;
  #server: Address;
  #cseq = 0;

  private constructor(phone: Phone, server: Address, again: number) {
    this.#phone = phone;
    this.#server = server;
    this.#again = again;
    phone.react = (request) => this.#take(request);
  }

  /** @param again ms between repeats of a request; never longer, since a server that keeps dying would be missed */
  static async start(aor: string, server: Address, again = 500): Promise<LoadPhone> {
    const [name = '', domain = ''] = aor.split('@');
    return new LoadPhone(await Phone.start(name, { server, domain, again, keeps: false }), server, again);
  }

  get aor(): string {
    return this.#phone.aor;
  }

  /** Where its requests go to; also those that wait for an answer move when this changes. */
  get server(): Address {
    return this.#server;
  }

  set server(server: Address) {
    this.#server = server;
    this.#phone.moveTo(server);
  }

  /** It answers challenges with this password. */
  set password(password: string) {
    this.#phone.login = login(this.#phone.name, password);
  }

  /** Status of the final answer, 0 when none came within the limit. */
  register(expires: number): Promise<number> {
    return this.#status(() => this.#phone.register({ expires }));
  }

  /** Status of the final answer, 0 when none came within the limit. */
  async message(to: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
    const same = {
      callId: randomBytes(8).toString('hex'),
      tag: randomBytes(4).toString('hex'),
      cseq: ++this.#cseq,
      headers,
    };
    for (;;) {
      const status = await this.#status(() => this.#phone.message(to, body, same));
      if (status !== 503 || !this.tenacious) return status;
      await sleep(this.#again);
    }
  }

  close(): void {
    this.#phone.close();
  }

  async #status(ask: () => Promise<Sip>): Promise<number> {
    this.#phone.patience = this.patience;
    return ask().then(
      ({ status }) => status,
      () => 0,
    );
  }

  #take(request: Sip): number {
    const { text: body, source } = request;
    const status = this.react(body);
    if (status < 300) this.onMessage({ callId: request.header('Call-ID'), body, port: source.port });
    return status;
  }
}
