/** The process around the thread of an SQLite store: it ends with the thread, and not because of it. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transpiled } from '../support/transpiled.ts';
import { startProcess } from '../support/process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: ReturnType<typeof temporaryFolder>;
let files = 0;
const newPath = () => join(folder.path, `${files++}.db`);

beforeAll(() => {
  folder = temporaryFolder('silo-worker');
});
afterAll(() => folder.remove());

describe('the process around it', () => {
  /** A process that opens a store and then does as told; its threads do something else as well. */
  const start = async (then: string, inThread = '') => {
    const file = await transpiled(new URL('../../lib/stores/open.ts', import.meta.url));
    const script = `
      import { syncBuiltinESMExports } from 'node:module';
      import threads from 'node:worker_threads';
      threads.Worker = class extends threads.Worker {
        constructor(file, options) {
          super(${JSON.stringify(`${inThread};`)} + "import('" + file + "')", { ...options, eval: true });
        }
      };
      syncBuiltinESMExports();
      const { openStore } = await import('${file.href}');
      const store = await openStore('sqlite:${newPath()}');
      console.log('open');
      ${then}`;
    return startProcess(process.execPath, ['--input-type=module', '--eval', script]);
  };

  for (const [what, action, why] of [
    ['throws', 'throw new Error("planted")', 'planted'],
    ['exits', 'process.exit(7)', 'exit code 7'],
  ] as const)
    test(`a thread that ${what} ends the process, with a sentence`, async () => {
      const running = await start(
        'store.ping().catch(() => undefined); setInterval(() => undefined, 1000);',
        `require('node:worker_threads').parentPort.on('message', () => { ${action} })`,
      );
      expect(await running.exited).toMatchObject({ code: 1 });
      expect(running.stderr).toContain('The thread that has the store sqlite:');
      expect(running.stderr).toContain(`has ended (${why})`);
    });

  test('an idle store keeps no process alive, a call that is under way does', async () => {
    const running = await start("console.log('last id', await store.lastId());");
    expect(await running.exited).toMatchObject({ code: 0 });
    expect(running.stdout).toContain('last id 0');
  });
});
