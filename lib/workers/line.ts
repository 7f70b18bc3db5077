/** Questions and answers between the first process and one of its workers, over the channel that Node gives them. */
import { textOf } from '../base/errors.ts';

/** What can be asked: by its name, with what goes there and what comes back. */
type Questions<Q> = { readonly [Name in keyof Q]: readonly [sent: unknown, answer: unknown] };

export type Answers<Q extends Questions<Q>> = {
  readonly [Name in keyof Q]: (sent: Q[Name][0]) => Promise<Q[Name][1]> | Q[Name][1];
};

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly what: string; readonly sent: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly why: string };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** @template Ours what we answer @template Theirs what they answer */
export class Line<Ours extends Questions<Ours>, Theirs extends Questions<Theirs>> {
  readonly #send: (message: object) => unknown;
  readonly #answers: Answers<Ours>;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #closed = false;

  /** @param send throws when the other one has gone */
  constructor(send: (message: object) => unknown, answers: Answers<Ours>) {
    this.#send = send;
    this.#answers = answers;
  }

  /** @param patience ms; without, as long as the other one lives */
  ask<Name extends keyof Theirs & string>(
    what: Name,
    sent: Theirs[Name][0],
    patience?: number,
  ): Promise<Theirs[Name][1]> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer =
        patience === undefined
          ? undefined
          : setTimeout(
              () => this.#settle(id)?.reject(new Error(`it gave no answer within ${patience} ms`)),
              patience,
            );
      const settled =
        <Value>(settle: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer);
          settle(value);
        };
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      if (!this.#deliver({ kind: 'ask', id, what, sent })) this.#settle(id)?.reject(gone());
    });
  }

  /** Takes what the other one has sent. */
  receive(received: unknown): void {
    const message = received as Message;
    if (message.kind === 'ask') void this.#answer(message);
    else if (message.kind === 'answer') this.#settle(message.id)?.resolve(message.value as never);
    else this.#settle(message.id)?.reject(new Error(message.why));
  }

  /** The other one has gone: nothing will be answered any more. */
  close(): void {
    this.#closed = true;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(gone());
  }

  async #answer({ id, what, sent }: Message & { readonly kind: 'ask' }): Promise<void> {
    try {
      const answer = (this.#answers as Readonly<Record<string, (sent: never) => unknown>>)[what];
      if (!answer) throw new Error(`there is no question "${what}"`);
      this.#deliver({ kind: 'answer', id, value: await answer(sent as never) });
    } catch (error) {
      this.#deliver({ kind: 'refusal', id, why: textOf(error) });
    }
  }

  #deliver(message: Message): boolean {
    if (this.#closed) return false;
    try {
      // False alone says that it takes longer: it is sent all the same.
      this.#send(message);
      return true;
    } catch {
      return false;
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

function gone(): Error {
  return new Error('the process has gone');
}
