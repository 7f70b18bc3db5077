/** The examples of docs/operating.md about the log, as they stand there. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type * as Logs from '../../lib/base/log.ts';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';
import { LONG } from '../support/until.ts';
import { compileBlocks } from './compiled.ts';
import { runExample } from './fresh-clone.ts';
import { blocks, root } from './pages.ts';

const PAGE = 'docs/operating.md';

function example(language: string, words: string) {
  const [found, ...more] = blocks(language, PAGE).filter(({ text }) => text.includes(words));
  if (!found || more.length > 0) throw new Error(`${PAGE} has not one example with "${words}"`);
  return found;
}

test('the log as JSON is what the page shows', { timeout: 60_000 }, async () => {
  const port = await freePort();
  const app = await runExample(example('sh', 'SILO_LOG=json').text, {
    cwd: root,
    env: { SILO_SIP_LISTEN: `127.0.0.1:${port}`, SILO_STORE: 'sqlite::memory:', SILO_NODE: 'one' },
  });
  await app.line('drachtio-silo ready', { timeoutMs: 60_000 });
  const at = { server: { host: '127.0.0.1', port } };
  const [alice, bob] = [await Phone.start('alice', at), await Phone.start('bob', at)];
  try {
    bob.react = () => ({ status: 200, reason: 'OK' });
    expect((await alice.message('bob', 'hello', { callId: 'c7' })).status).toBe(202);
    await bob.register();
    const shown = (line: string) =>
      line
        .replace(/"time":"[^"]*"/, '"time":"…"')
        .replace(/[0-9a-f]{32,64}/g, '9d3…')
        .replace(/127\.0\.0\.1:\d+/g, '…');
    const lines = () => app.stderr.split('\n').filter((line) => line.includes('"callId":"c7"'));
    const wanted = example('text', '"callId":"c7"').text.trim().split('\n');
    await expect.poll(() => lines().map(shown), { timeout: LONG }).toEqual(wanted.map(shown));
  } finally {
    for (const phone of [alice, bob]) phone.close();
    await app.stop();
  }
});

test('the log goes to a logger that is called like pino', { timeout: 60_000 }, async () => {
  const block = example('ts', 'function logTo');
  const compiled = compileBlocks([block]);
  try {
    const { logTo } = (await import(pathToFileURL(compiled.fileOf(block)).href)) as {
      logTo: (logger: object) => () => void;
    };
    // The package that the example has: not these sources.
    const { logger } = (await import(join(root, 'dist/lib/base/log.js'))) as typeof Logs;
    const lines: unknown[] = [];
    const write = (fields: object, message: string): void => void lines.push([fields, message]);
    const stop = logTo({ debug: write, warn: write, error: write });
    logger('docs').debug('fine', { callId: 'c1' });
    logger('docs').error('broken');
    stop();
    logger('docs').debug('unheard');
    expect(lines).toEqual([
      [{ room: 'docs', callId: 'c1' }, 'fine'],
      [{ room: 'docs' }, 'broken'],
    ]);
  } finally {
    compiled.remove();
  }
});
