/** A way to one peer: a UDP source address, or one TCP connection. */
import type { Address, Protocol } from '../text/address.ts';

export interface Flow {
  readonly protocol: Protocol;
  /** Our transport, as it stands in Via and Contact. */
  readonly local: Address;
  readonly remote: Address;
  /** False once nothing can be sent any more. */
  readonly alive: boolean;
  send(bytes: Buffer): void;
  /** Calls back when the connection never comes about; UDP needs none. Returns the undo. */
  onFailure(listener: () => void): () => void;
  /** Ends the connection behind the flow, after what is already written. */
  end(): void;
}

/** One SIP message as it came: all its bytes, and where its body begins. */
export interface Received {
  readonly bytes: Buffer;
  /** Length of the head without its blank line; the whole length when there is no blank line. */
  readonly headLength: number;
  readonly body: Buffer;
  /** Set where framing already found the message wanting. */
  readonly fault?: 'too-large' | 'content-length';
}

export type Receive = (flow: Flow, received: Received) => void;
