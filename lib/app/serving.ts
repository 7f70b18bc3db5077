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
  /** What keeps the boxes from being sent; '' when nothing does. */
  readonly quarantine: string;
  readonly processes: number;
}

export async function servingOf(application: Application): Promise<Serving> {
  const { addresses, store, front, auth, http, admin, silo } = application;
  return {
    addresses,
    store: store.name,
    embedded: front !== undefined,
    asksPasswords: auth.isOn(),
    http,
    token: admin.token,
    quarantine: (await silo.health()).quarantine,
    processes: 1,
  };
}
