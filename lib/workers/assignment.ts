/** What one of several processes does differently from one that is alone. */
import type { Config } from '../config/config.ts';
import { shareOf } from './share.ts';

export interface Assignment {
  /** Its name in the database, the same over restarts: its boxes and phones are found by it. */
  readonly node: string;
  /** How many processes there are. */
  readonly of: number;
  /** The drachtio-server, or the embedded front end of the first process. */
  readonly drachtio: { readonly host: string; readonly port: number; readonly secret: string } | undefined;
  /** Where all of them take HTTP together. */
  readonly http: { readonly listen: string; readonly token: string };
  /** In the place of a process that has died: what is done once at a start of the service was done. */
  readonly anew: boolean;
}

/** With a `/` the name would end where the owner of a lease (`node/run`) has its run. */
export function nodeName(service: string, number: number): string {
  return `${service}#${number}`;
}

export function assigned(config: Config, { node, of, drachtio, http, anew }: Assignment): Config {
  const shared = shareOf(config, of);
  return {
    ...shared,
    silo: { ...shared.silo, node, quarantine: shared.silo.quarantine && !anew },
    mwi: { ...shared.mwi, node },
    node: { ...shared.node, node },
    drachtio: { ...shared.drachtio, ...drachtio },
    admin: { ...shared.admin, ...http },
  };
}
