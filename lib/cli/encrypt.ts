/** `drachtio-silo encrypt`: all bodies in the store get the key that encrypts, beside an application that goes on. */
import { epochSeconds } from '../base/clock.ts';
import type { Config } from '../config/config.ts';
import { encryptStored, type Encrypted } from '../stores/encrypt.ts';
import { openStore } from '../stores/open.ts';
import { onInterrupt } from './interrupt.ts';

/** Exit codes: it was stopped before the end; there are bodies that can't be read. */
const [STOPPED, SOME_UNREADABLE] = [1, 2];
/** ms between two words about how far it is. */
const EVERY = 1_000;

/** Says on standard error how far it is, and on standard output what it did. Returns the exit code. */
export async function encryptCommand({ store: settings }: Config): Promise<number> {
  const store = await openStore(settings.url, { ...settings, now: epochSeconds });
  const interrupt = onInterrupt(() => process.stderr.write('Stopping after this batch …\n'));
  try {
    let said = performance.now();
    const onProgress = ({ seen, encrypted }: Encrypted) => {
      if (performance.now() - said < EVERY) return;
      said = performance.now();
      process.stderr.write(`${seen} rows looked at, ${encrypted} bodies encrypted …\n`);
    };
    const { encrypted, unreadable } = await encryptStored(store, settings.bodyKey, {
      stopped: () => interrupt.happened,
      onProgress,
    });
    console.log(`${encrypted} bodies were encrypted in ${store.name}.`);
    if (interrupt.happened) {
      console.log('It was stopped before the end: the same command goes on.');
      return STOPPED;
    }
    if (unreadable === 0) return 0;
    console.log(
      `${unreadable} bodies stay as they are: they are encrypted with a key that SILO_BODY_KEY does not have, or were changed.`,
    );
    return SOME_UNREADABLE;
  } finally {
    interrupt.end();
    await store.close();
  }
}
