/** What is said of an application that serves: plain data, so that another process can say it. */
import type { Application } from './application.ts';

export interface Serving {
  readonly addresses: readonly string[];
  /** The store, as it may be shown. */
  readonly store: string;
  /** On the embedded front end. */
  readonly embedded: boolean;
  readonly asksPasswords: boolean;
  /** Where HTTP is listened for, and what whoever asks there must know. */
  readonly http: string | undefined;
  readonly token: string;
  readonly processes: number;
}

export function servingOf({ addresses, store, front, auth, http, admin }: Application): Serving {
  return {
    addresses,
    store: store.name,
    embedded: front !== undefined,
    asksPasswords: auth.isOn(),
    http,
    token: admin.token,
    processes: 1,
  };
}
