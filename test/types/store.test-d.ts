/** A store of somebody else: what it must name is exported. Compiled by `npm run types`; nothing here runs. */
import {
  createSilo,
  openStore,
  type Accepted,
  type AcceptRules,
  type NewMessage,
  type SiloDependencies,
  type Store,
} from '../../lib/index.ts';

/** A store around another one, as for counting or for encryption. */
export function counting(inner: Store, count: (method: string) => void): Store {
  return {
    ...inner,
    name: `counted ${inner.name}`,
    accept: (message: NewMessage, rules?: AcceptRules): Promise<Accepted> => {
      count('accept');
      return inner.accept(message, rules);
    },
  };
}

export async function used(dependencies: Omit<SiloDependencies, 'store'>): Promise<void> {
  const store = counting(await openStore('sqlite::memory:'), () => undefined);
  createSilo({ ...dependencies, store });

  // @ts-expect-error half a store is none
  createSilo({ ...dependencies, store: { name: 'half', accept: store.accept } });
  // @ts-expect-error it answers with what became of the message
  const silent: Store = { ...store, accept: () => Promise.resolve() };
  // @ts-expect-error clocks are functions
  await openStore('sqlite::memory:', { now: 0 });
  await silent.close();
}
