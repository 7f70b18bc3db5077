/**
 * SQLite: the embedded default. One process per file; WAL, and a full sync at every commit that answers for a message (a
 * 2xx means durable storage), shared by group commit. The file is worked on in a thread of its own (worker.ts), so that
 * no statement, sync or sweep stops the event loop.
 */
import { storeOn } from './store.ts';
import { Thread } from './thread/caller.ts';
import type { WorkerData } from './worker.ts';
import { workerFile } from './thread/worker-file.ts';
import type { Store } from '../contract/store.ts';

/**
 * @param path a file, or `:memory:`
 * @param now clock in epoch seconds
 */
export async function openSqlite(path: string, now: () => number): Promise<Store> {
  const name = `sqlite:${path}`;
  const workerData: WorkerData = { path, name };
  return storeOn(await Thread.start(await workerFile(), { name, now, workerData }), name);
}
