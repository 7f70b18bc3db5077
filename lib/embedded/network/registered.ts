/**
 * The connections of registered TCP clients, by `user@host` of the first Contact: no port, no transport, so
 * two clients with one private address overwrite each other, as in drachtio-server.
 */
import type { Flow } from './flow.ts';

const MAX_ENTRIES = 100_000;

export class RegisteredConnections {
  readonly #flows = new Map<string, { readonly flow: Flow; readonly timer: NodeJS.Timeout }>();

  set(user: string, host: string, flow: Flow, seconds: number): void {
    const key = keyOf(user, host);
    this.delete(user, host);
    if (this.#flows.size >= MAX_ENTRIES) return;
    // setTimeout takes no more than 2^31 - 1 ms.
    const timer = setTimeout(() => this.#flows.delete(key), Math.min(seconds * 1_000, 2_147_483_647)).unref();
    this.#flows.set(key, { flow, timer });
  }

  /** The flow even when it is dead: what is sent on it then is 410 Gone. */
  get(user: string, host: string): Flow | undefined {
    return this.#flows.get(keyOf(user, host))?.flow;
  }

  delete(user: string, host: string): void {
    const key = keyOf(user, host);
    clearTimeout(this.#flows.get(key)?.timer);
    this.#flows.delete(key);
  }

  clear(): void {
    for (const { timer } of this.#flows.values()) clearTimeout(timer);
    this.#flows.clear();
  }
}

function keyOf(user: string, host: string): string {
  return `${user}@${host}`;
}
