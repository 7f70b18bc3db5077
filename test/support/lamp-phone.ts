/** A phone with a lamp: the scripted phone, and what it takes to SUBSCRIBE and to PUBLISH. */
import { randomBytes } from 'node:crypto';
import { Phone, type PhoneOptions } from './phone.ts';
import { tag, type Sip } from './sip/message.ts';
import { until } from './until.ts';

export const TYPE = 'application/simple-message-summary';

export type Headers = Readonly<Record<string, string | null>>;

/** A subscription from the phone's side. */
export interface Line {
  readonly callId: string;
  readonly fromTag: string;
  readonly toTag: string;
  readonly uri: string;
  readonly answer: Sip;
}

/** Headers without those that are null. */
function given(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

export class LampPhone {
  readonly phone: Phone;
  #cseq = 100;

  private constructor(phone: Phone) {
    this.phone = phone;
  }

  /** A challenge that is answered takes the number behind it. */
  #next(): number {
    return (this.#cseq += 10);
  }

  static async start(name: string, options: PhoneOptions): Promise<LampPhone> {
    return new LampPhone(await Phone.start(name, options));
  }

  /** A SUBSCRIBE outside of a dialog; `null` leaves a header out. */
  async subscribe(headers: Headers = {}, mailbox = this.phone.aor): Promise<Line> {
    const fromTag = randomBytes(4).toString('hex');
    const callId = randomBytes(8).toString('hex');
    const uri = `sip:${mailbox}`;
    const answer = await this.phone.request(
      'SUBSCRIBE',
      uri,
      mailbox,
      given({
        From: `<sip:${this.phone.aor}>;tag=${fromTag}`,
        'Call-ID': callId,
        CSeq: `${this.#next()} SUBSCRIBE`,
        Contact: this.phone.contact,
        Event: 'message-summary',
        Accept: TYPE,
        Expires: '600',
        ...headers,
      }),
    );
    return { callId, fromTag, toTag: tag(answer.header('To')), uri, answer };
  }

  /** A SUBSCRIBE in the dialog of a subscription. */
  again(line: Line, headers: Headers = {}): Promise<Sip> {
    return this.phone.request(
      'SUBSCRIBE',
      /<([^>]+)>/.exec(line.answer.header('Contact'))?.[1] ?? line.uri,
      this.phone.aor,
      given({
        From: `<sip:${this.phone.aor}>;tag=${line.fromTag}`,
        To: `<${line.uri}>;tag=${line.toTag}`,
        'Call-ID': line.callId,
        CSeq: `${this.#next()} SUBSCRIBE`,
        Contact: this.phone.contact,
        Event: 'message-summary',
        Accept: TYPE,
        Expires: '600',
        ...headers,
      }),
    );
  }

  /** A PUBLISH for a mailbox. Without a body there is no Content-Type. */
  publish(
    mailbox: string,
    body: string | Buffer | undefined,
    headers: Headers = {},
    contentLength?: number | null,
  ): Promise<Sip> {
    return this.phone.request(
      'PUBLISH',
      `sip:${mailbox}`,
      mailbox,
      given({
        CSeq: `${this.#next()} PUBLISH`,
        Event: 'message-summary',
        Expires: '600',
        ...(body === undefined ? {} : { 'Content-Type': TYPE }),
        ...headers,
      }),
      Buffer.from(body ?? ''),
      contentLength === undefined ? {} : { contentLength },
    );
  }

  /** NOTIFYs received, in order. */
  get notifies(): readonly Sip[] {
    return this.phone.requests.filter((request) => request.method === 'NOTIFY');
  }

  /** Their bodies. */
  get texts(): readonly string[] {
    return this.notifies.map(({ text }) => text);
  }

  /** NOTIFYs of one subscription. */
  of(line: Pick<Line, 'callId'>): readonly Sip[] {
    return this.notifies.filter((request) => request.header('Call-ID') === line.callId);
  }

  /** Resolves with the NOTIFYs when there are `count` of them. */
  async notified(count: number): Promise<readonly Sip[]> {
    await this.phone.until(
      () => this.notifies.length >= count,
      () => `${this.notifies.length} of ${count} NOTIFYs`,
    );
    return this.notifies;
  }

  /** Resolves with the first NOTIFY that satisfies the wish. */
  async sees(wish: (notify: Sip) => boolean): Promise<Sip> {
    await this.phone.until(
      () => this.notifies.some(wish),
      () => `saw ${JSON.stringify(this.texts)}`,
    );
    return this.notifies.find(wish)!;
  }

  close(): void {
    this.phone.close();
  }
}

interface Requester {
  request(uri: string, options: object, callback: (error: { code?: string } | null) => void): void;
}

/** Waits until drachtio-server has no such dialog any more (RFC 6665, 4.4.1: it ends with the answer to the last NOTIFY). */
export async function forgotten(
  srf: unknown,
  { callId, fromTag }: Pick<Line, 'callId' | 'fromTag'>,
): Promise<void> {
  const stackDialogId = `${callId};from-tag=${fromTag}`;
  await until(
    () =>
      new Promise<boolean>((resolve) =>
        (srf as Requester).request(
          'sip:placeholder',
          { method: 'INFO', stackDialogId, headers: {} },
          (error) => resolve(error?.code === 'ENODIALOG'),
        ),
      ),
  );
}

export function numberOf(notify: Sip): number {
  return Number.parseInt(notify.header('CSeq'), 10);
}

export function stateOf(notify: Sip): string {
  return notify.header('Subscription-State');
}

/** A summary body. */
export function voice(fresh: number, old = 0): string {
  return `Messages-Waiting: ${fresh > 0 ? 'yes' : 'no'}\r\nVoice-Message: ${fresh}/${old}\r\n`;
}
