/** docs/http.md, its examples as they stand there; only ports are replaced. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Silo, Store } from '../../lib/index.ts';
import { freePort } from '../support/free-port.ts';
import { startNode } from '../support/node.ts';
import { startProcess } from '../support/process.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { clean, freshClone, runExample } from './fresh-clone.ts';
import { blocks, root } from './pages.ts';

const PAGE = 'docs/http.md';
const tested = new Set<string>();

function example(language: string, words: string): string {
  const found = blocks(language, PAGE).filter(({ text }) => text.includes(words));
  expect(found, words).toHaveLength(1);
  tested.add(found[0]!.text);
  return found[0]!.text;
}

let project: TemporaryFolder;
beforeAll(() => {
  project = freshClone();
});
afterAll(() => project.remove());

describe(PAGE, () => {
  test('the application says where it is, takes a token, and answers curl', { timeout: 90_000 }, async () => {
    const [sip, http] = [await freePort(), await freePort()];
    const at = (text: string) => text.replaceAll('8060', String(http));
    const env = { SILO_SIP_LISTEN: `127.0.0.1:${sip}`, SILO_STORE: 'sqlite::memory:' };

    const usual = await runExample('npm start', {
      cwd: project.path,
      env: { ...env, SILO_HTTP_LISTEN: `127.0.0.1:${http}` },
    });
    expect(await usual.line('  Page', { timeoutMs: 60_000 })).toContain(
      at(example('text', '#token=').trimEnd()),
    );
    await usual.stop();

    const app = await runExample(at(example('sh', 'npm start')), { cwd: project.path, env });
    await app.line('  Page', { timeoutMs: 60_000 });
    const curl = await startProcess('sh', ['-c', at(example('sh', '/readyz'))], { env: clean });
    expect(await curl.exited).toMatchObject({ code: 0 });
    expect(JSON.parse(curl.stdout)).toMatchObject({ status: 'ready', checks: { database: { ok: true } } });
    const sent = await startProcess('sh', ['-c', at(example('sh', '/api/messages'))], { env: clean });
    expect(await sent.exited).toMatchObject({ code: 0 });
    expect(JSON.parse(sent.stdout)).toMatchObject({ outcome: 'stored', box: 'bob@example.org' });
    // With the first user all are asked for a password.
    const added = await startProcess('sh', ['-c', at(example('sh', '/api/users'))], { env: clean });
    expect(await added.exited).toMatchObject({ code: 0 });
    expect(JSON.parse(added.stdout)).toEqual({ user: 'bob@example.org' });
    await app.stop();
  });

  test('the plugin serves behind a listener of the host', async () => {
    mkdirSync(join(root, '.tmp'), { recursive: true });
    const folder = mkdtempSync(join(root, '.tmp', 'http-'));
    const port = await freePort();
    const file = join(folder, 'example.ts');
    writeFileSync(file, example('ts', 'createServer').replace('8060', String(port)));
    const { serve } = (await import(pathToFileURL(file).href)) as {
      serve: (silo: Silo, store: Store, token: string) => Server;
    };
    const node = await startNode();
    const server = serve(node.silo, node.store, 'a-token-that-nobody-guesses');
    const headers = { Authorization: 'Bearer a-token-that-nobody-guesses' };
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`, { headers });
    expect([answer.status, await answer.json()]).toMatchObject([200, { status: 'ready', why: '' }]);
    server.close();
    server.closeAllConnections();
    await node.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('no example is left out', () => {
    const all = ['sh', 'ts', 'json', 'sql', 'text'].flatMap((language) => blocks(language, PAGE));
    expect(all.map(({ text }) => text).filter((text) => !tested.has(text))).toEqual([]);
  });
});
