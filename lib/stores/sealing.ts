/** A store whose bodies are encrypted: what goes in is sealed, what comes out opened. */
import { SiloError } from '../base/errors.ts';
import { logger } from '../base/log.ts';
import type { BodyKeys } from './shared/body-keys.ts';
import type { NewMessage } from './contract/message.ts';
import type { Store } from './contract/store.ts';

const log = logger('store');

/**
 * The store with these keys. Without keys it is the store itself, and what is encrypted in it stays so.
 *
 * @throws SiloError `SILO_CONFIG` when a key is not the one that its id stands for in this database
 */
export async function withBodyKeys(store: Store, keys: BodyKeys | undefined): Promise<Store> {
  if (keys) await store.addBodyKey(keys.first, keys.proof());
  const known = await store.bodyKeys();
  for (const { id, proof } of known)
    if (keys?.has(id) && !keys.proves(id, proof))
      throw new SiloError(
        'SILO_CONFIG',
        `The key "${id}" of SILO_BODY_KEY is not the one by which bodies in ${store.name} were encrypted under this id: give the new key an id of its own, and name the old one behind it.`,
      );
  const missing = known.map(({ id }) => id).filter((id) => !keys?.has(id));
  if (missing.length > 0)
    log.warn(
      `bodies in ${store.name} were encrypted with the key ${missing.map((id) => `"${id}"`).join(', ')}, which SILO_BODY_KEY does not have: what still waits of them ends as a dead letter; name the key, or delete it from silo_body_key when nothing of it is left`,
    );
  return keys ? sealing(store, keys) : store;
}

function sealing(store: Store, keys: BodyKeys): Store {
  const opened = <M extends NewMessage>(message: M | undefined) => message && keys.open(message);
  /** Where the body was not read, only what it would need is told. */
  const openOrNamed = <M extends NewMessage>(message: M): M =>
    message.body.length > 0 || !keys.has(message.seal ?? '')
      ? keys.open(message)
      : { ...message, seal: undefined };
  return {
    ...store,
    accept: (message, rules) => store.accept(keys.seal(message), rules),
    acceptAll: (messages) => store.acceptAll(messages.map((message) => keys.seal(message))),
    waiting: async (...args) => (await store.waiting(...args)).map((message) => keys.open(message)),
    moveFrom: (box, messages, now) =>
      store.moveFrom(
        box,
        messages.map((message) => ({ ...message, ...keys.seal(message) })),
        now,
      ),
    contents: async (...args) => (await store.contents(...args)).map(openOrNamed),
    messageById: async (id) => opened(await store.messageById(id)),
    messageByKey: async (key) => opened(await store.messageByKey(key)),
    deadById: async (id) => opened(await store.deadById(id)),
    deadByKey: async (box, key) => opened(await store.deadByKey(box, key)),
    reminders: async (...args) => (await store.reminders(...args)).map((message) => keys.open(message)),
    expire: async (...args) =>
      (await store.expire(...args)).map(({ message, outcome }) => ({ message: keys.open(message), outcome })),
  };
}
