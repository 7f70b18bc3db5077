/** The application in this process, with a look inside: its parts, and how often its store was asked. */
import { startApplication, type Application, type Parts, type Wishes } from '../../lib/app/application.ts';
import type { AuthOptions } from '../../lib/auth/options.ts';
import type { TrustOptions } from '../../lib/auth/trust/options.ts';
import type { LimitsOptions } from '../../lib/auth/limits/options.ts';
import { readConfig } from '../../lib/config/config.ts';
import type { AdminOptions } from '../../lib/admin/options.ts';
import type { FrontEnd, FrontEndOptions } from '../../lib/embedded/front-end.ts';
import type { MwiOptions } from '../../lib/mwi/request/options.ts';
import type { RegistrarOptions } from '../../lib/registrar/options.ts';
import type { SiloOptions } from '../../lib/silo/state/options.ts';
import { openStore } from '../../lib/stores/open.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { openFront } from './front.ts';

export interface TestNode extends Omit<Application, 'stop' | 'front'> {
  readonly front: FrontEnd;
  readonly server: { readonly host: string; readonly port: number };
  /** How often each method of the store was called. */
  readonly calls: Map<string, number>;
  close(): Promise<void>;
}

export interface TestNodeOptions {
  readonly silo?: SiloOptions;
  readonly mwi?: MwiOptions;
  readonly registrar?: RegistrarOptions;
  readonly trust?: TrustOptions;
  /** Says who asks. */
  readonly authenticate?: Wishes['authenticate'];
  readonly auth?: AuthOptions;
  /** Such as `{ limits: false }`, where one address asks for many phones. */
  readonly limits?: LimitsOptions;
  readonly admin?: AdminOptions;
  /** For what only the embedded front end can do; without, a real drachtio-server may stand there. */
  readonly front?: FrontEndOptions;
  readonly storeUrl?: string;
  readonly now?: () => number;
  /** Adds its own middlewares instead of the usual chain. */
  readonly chain?: (parts: Parts) => void;
}

/** Options of whoever runs the tests must not leak in. */
const CONFIG = readConfig({ SILO_HTTP_LISTEN: 'off' });

export async function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const now = options.now ?? (() => Math.floor(Date.now() / 1000));
  const front = await openFront(options.front);
  const calls = new Map<string, number>();
  const store = await openStore(options.storeUrl ?? 'sqlite::memory:', { now });
  const closeOurs = async () => {
    await front.close();
    await store.close();
  };
  try {
    const application = await startApplication(CONFIG, {
      now,
      front,
      store: counted(store, calls),
      silo: { node: 'node', stopGrace: 500, ...options.silo },
      mwi: { spread: 100, stopGrace: 500, ...options.mwi },
      registrar: { minExpires: 1, ...options.registrar },
      ...(options.trust ? { trust: options.trust } : {}),
      ...(options.authenticate ? { authenticate: options.authenticate } : {}),
      ...(options.auth ? { auth: options.auth } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
      ...(options.admin ? { admin: options.admin } : {}),
      ...(options.chain ? { middlewares: options.chain } : {}),
    });
    const [address] = front.addresses;
    return {
      ...application,
      front,
      server: { host: address?.host ?? '127.0.0.1', port: address?.port ?? 0 },
      calls,
      close: async () => {
        await application.stop();
        await closeOurs();
      },
    };
  } catch (error) {
    await closeOurs();
    throw error;
  }
}

/** The store with a count of its calls. */
function counted(store: Store, calls: Map<string, number>): Store {
  return new Proxy(store, {
    get: (target, name, receiver) => {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return Reflect.apply(value, target, args);
      };
    },
  });
}
