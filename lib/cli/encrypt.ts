/** `drachtio-silo encrypt`: all bodies in the store get the key that encrypts, beside an application that goes on. */
import { epochSeconds } from '../base/clock.ts';
import type { Config } from '../config/config.ts';
import { encryptStored, type Encrypted } from '../stores/encrypt.ts';
import { openStore } from '../stores/open.ts';
import { command } from './frame/command.ts';
import { EXIT, type Exit } from './frame/exit.ts';
import type { Output } from './frame/output.ts';
import { onInterrupt } from './terminal/interrupt.ts';

/** ms between two words about how far it is. */
const EVERY = 1_000;

export const encryptCommand = command({
  name: 'encrypt',
  summary: 'bring the bodies that are in the store to the key that encrypts',
  about:
    'Those from before there was a key, and those of older keys, dead letters included; SILO_BODY_KEY has the keys. The application may run meanwhile, and the command may be stopped: it goes on where it was. docs/encryption.md has the whole way.',
  args: {},
  options: {},
  examples: [['drachtio-silo encrypt', 'after SILO_BODY_KEY was given to all nodes']],
  exits: {
    [EXIT.done]: 'all bodies are encrypted with the first key',
    [EXIT.failed]: 'the end was not reached: the next run goes on',
    [EXIT.no]: 'there are bodies that no key of SILO_BODY_KEY reads; they stay as they are',
  },
  run: ({ out, config }) => encrypt(config(), out),
});

async function encrypt({ store: settings }: Config, out: Output): Promise<Exit> {
  const store = await openStore(settings.url, { ...settings, now: epochSeconds });
  const interrupt = onInterrupt(() => out.note('Stopping after this batch …'));
  try {
    let said = performance.now();
    const onProgress = ({ seen, encrypted }: Encrypted) => {
      if (performance.now() - said < EVERY) return;
      said = performance.now();
      out.note(`${seen} rows looked at, ${encrypted} bodies encrypted …`);
    };
    const done = await encryptStored(store, settings.bodyKey, {
      stopped: () => interrupt.happened,
      onProgress,
    });
    const complete = !interrupt.happened;
    out.answer({ ...done, complete }, () => sentenceOf(done, store.name, complete));
    if (!complete) return EXIT.failed;
    return done.unreadable === 0 ? EXIT.done : EXIT.no;
  } finally {
    interrupt.end();
    await store.close();
  }
}

function sentenceOf({ encrypted, unreadable }: Encrypted, store: string, complete: boolean): string {
  const sentences = [`${encrypted} bodies were encrypted in ${store}.`];
  if (!complete) sentences.push('It was stopped before the end: the same command goes on.');
  else if (unreadable > 0)
    sentences.push(
      `${unreadable} bodies stay as they are: they are encrypted with a key that SILO_BODY_KEY does not have, or were changed.`,
    );
  return sentences.join('\n');
}
