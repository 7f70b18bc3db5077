/** The operations on the store that the configuration names: no logic of the commands' own. */
import type { Config } from '../../config/config.ts';
import { epochSeconds } from '../../base/clock.ts';
import { SiloError } from '../../base/errors.ts';
import type { MailboxOperations } from '../../mwi/state/mailboxes.ts';
import type { StoreOperations } from '../../silo/store-operations.ts';
import type { Store } from '../../stores/contract/store.ts';
import type { Output } from '../frame/output.ts';

export interface Opened extends StoreOperations {
  readonly mailboxes: MailboxOperations;
}

/**
 * A store that is not there, or not up to date, is left alone: a look must not change it.
 * @throws SiloError `SILO_SCHEMA`, `SILO_STORE_UNAVAILABLE`
 */
export async function withOperations<T>(
  { store: settings, silo, mwi }: Config,
  out: Output,
  work: (operations: Opened) => Promise<T>,
): Promise<T> {
  const { readSchema } = await import('../../stores/operate/schema.ts');
  const { store: name, steps, byHand } = await readSchema(settings.url, settings);
  const missing = byHand ? 0 : steps.filter(({ applied }) => !applied).length;
  if (missing > 0)
    throw new SiloError(
      'SILO_SCHEMA',
      `${name} lacks ${missing} of ${steps.length} steps of the schema: name the store of the application in SILO_STORE, or bring it up to date with drachtio-silo migrate.`,
    );
  const { openStore } = await import('../../stores/open.ts');
  const { createStoreOperations } = await import('../../silo/store-operations.ts');
  const { createStoreMailboxes } = await import('../../mwi/store-mailboxes.ts');
  const store: Store = await openStore(settings.url, { ...settings, now: epochSeconds });
  const operations = createStoreOperations(store, {
    silo,
    onCounted: (boxes) => out.note(`counting boxes for the first time: ${boxes.toLocaleString('en')} …`),
  });
  try {
    return await work({ ...operations, mailboxes: createStoreMailboxes(store, { mwi }) });
  } finally {
    await operations.close();
    await store.close();
  }
}
