/** A node in this process: front end, drachtio-srf, store and silo, put together as `app.ts` does, with a look inside. */
import registrationParser from 'drachtio-mw-registration-parser';
import Srf from 'drachtio-srf';
import type { FrontEnd, FrontEndOptions } from '../../lib/embedded/front-end.ts';
import { createMwi, type Mwi } from '../../lib/mwi/mwi.ts';
import type { MwiOptions } from '../../lib/mwi/request/options.ts';
import { createRegistrar, type Registrar, type RegistrarOptions } from '../../lib/registrar/registrar.ts';
import { refuse, unserved } from '../../lib/sip/drachtio/middlewares.ts';
import { connectSrf, disconnectSrf } from '../../lib/sip/drachtio/connect.ts';
import { createPort } from '../../lib/sip/drachtio/port.ts';
import { guardedRegistrationParser } from '../../lib/sip/drachtio/registration-parser.ts';
import type { SiloOptions } from '../../lib/silo/state/options.ts';
import { createSilo, type Silo } from '../../lib/silo/silo.ts';
import { openStore } from '../../lib/stores/open.ts';
import type { Store } from '../../lib/stores/contract/store.ts';
import { openFront } from './front.ts';

export interface TestNode {
  readonly front: FrontEnd;
  readonly server: { readonly host: string; readonly port: number };
  readonly srf: Srf;
  readonly store: Store;
  readonly silo: Silo;
  readonly mwi: Mwi;
  readonly registrar: Registrar;
  /** How often each method of the store was called. */
  readonly calls: Map<string, number>;
  close(): Promise<void>;
}

export interface TestNodeOptions {
  readonly silo?: SiloOptions;
  readonly mwi?: MwiOptions;
  readonly registrar?: RegistrarOptions;
  /** For what only the embedded front end can do; without, a real drachtio-server may stand there. */
  readonly front?: FrontEndOptions;
  readonly storeUrl?: string;
  readonly now?: () => number;
  /** Adds its own middlewares instead of the usual chain. */
  readonly chain?: (node: Omit<TestNode, 'close' | 'calls'>) => void;
}

export async function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const now = options.now ?? (() => Math.floor(Date.now() / 1000));
  const front = await openFront(options.front);
  const calls = new Map<string, number>();
  const real = await openStore(options.storeUrl ?? 'sqlite::memory:', { now });
  const store = counted(real, calls);
  const srf = new Srf();
  const port = createPort(srf);
  const registrar = createRegistrar({ port, store, now }, { minExpires: 1, ...options.registrar });
  const silo = createSilo(
    { srf, port, store, now, bindings: registrar },
    { stopGrace: 500, ...options.silo },
  );
  const mwi = createMwi({ srf, port, store, now }, { spread: 100, stopGrace: 500, ...options.mwi });
  silo.events.on('stored', ({ box }) => mwi.changed(box));
  silo.events.on('ended', ({ box }) => mwi.changed(box));
  const [address] = front.addresses;
  const node = {
    front,
    server: { host: address?.host ?? '127.0.0.1', port: address?.port ?? 0 },
    srf,
    store,
    silo,
    mwi,
    registrar,
  };
  if (options.chain) options.chain(node);
  else {
    srf.use('register', guardedRegistrationParser(registrationParser));
    srf.use('register', silo.onRegister);
    srf.use('register', mwi.onRegister);
    srf.use('register', registrar.onRegister);
    srf.use('message', silo.onMessage);
    srf.use('message', silo.onLive);
    srf.use('message', unserved(port));
    srf.use('message', silo.onFailure);
    srf.use('message', refuse(port));
    srf.use('subscribe', mwi.onSubscribe);
    srf.use('publish', mwi.onPublish);
  }
  await connectSrf(srf, { host: front.adminHost, port: front.adminPort, secret: 'cymru' });
  await silo.start();
  await mwi.start();
  return {
    ...node,
    calls,
    close: async () => {
      await Promise.all([silo.close(), mwi.close()]);
      disconnectSrf(srf);
      await front.close();
      await real.close();
    },
  };
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
