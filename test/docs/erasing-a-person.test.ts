/** docs/erasing-a-person.md, its examples as they stand there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';
import type { RunningProcess } from '../support/process.ts';
import { startProcess } from '../support/process.ts';
import { compileBlocks } from './compiled.ts';
import { clean } from './fresh-clone.ts';
import { operator, pageUnderTest, type Operator } from './page-under-test.ts';
import { blocks } from './pages.ts';

const PAGE = 'docs/erasing-a-person.md';
const { example, left } = pageUnderTest(PAGE);

describe(PAGE, { timeout: 90_000 }, () => {
  let at: Operator;
  let app: RunningProcess;
  let http = 0;
  let alice: Phone;
  beforeAll(async () => {
    const sip = await freePort();
    http = await freePort();
    at = operator({
      SILO_STORE: 'sqlite:./silo.db',
      SILO_SIP_LISTEN: `127.0.0.1:${sip}`,
      SILO_HTTP_TOKEN: 'a-token-that-nobody-guesses',
    });
    app = await at.start('drachtio-silo start', { SILO_HTTP_LISTEN: `127.0.0.1:${http}` });
    await app.line('drachtio-silo ready', { timeoutMs: 60_000 });
    alice = await Phone.start('alice', { server: { host: '127.0.0.1', port: sip }, domain: 'example.org' });
  }, 90_000);
  afterAll(async () => {
    alice.close();
    await app.stop();
    at.remove();
  });
  const commands = (words: string) =>
    example('sh', words).replaceAll('127.0.0.1:8060', `127.0.0.1:${http}`).trim().split('\n');

  test('by command: what is stored is written into a file, counted, and gone', async () => {
    const [exporting = '', counting = '', erasing = ''] = commands('person export');
    expect((await alice.message('bob', 'a word for bob')).status).toBe(202);
    await at.run(`sh -c '${exporting}'`);
    expect(readFileSync(join(at.path, 'bob.jsonl'), 'utf8')).toContain('a word for bob');
    await at.run(counting, 2);
    await at.run(erasing);
    await at.run(`sh -c '${exporting}'`, 2);
  });

  test('by HTTP: likewise', async () => {
    const [showing = '', erasing = ''] = commands('curl');
    expect((await alice.message('bob', 'another word')).status).toBe(202);
    expect((await at.run(showing)).stdout).toContain('another word');
    expect((await at.run(erasing)).stdout).toContain('"erased"');
    expect((await at.run(showing)).stdout).not.toContain('another word');
  });

  test('in code', async () => {
    const compiled = compileBlocks(blocks('ts', PAGE));
    const file = compiled.fileOf({ path: PAGE, language: 'ts', text: example('ts', 'persons.export') });
    const run = await startProcess(process.execPath, [file], {
      env: { ...clean, SILO_STORE: 'sqlite::memory:' },
    });
    expect(await run.exited).toEqual({ code: 0, signal: null });
    expect(run.stderr).toContain('silo_dead: 0\n');
    expect(run.stdout).toBe('');
    compiled.remove();
  });

  test('no example is left out', () => {
    expect(left()).toEqual([]);
  });
});
