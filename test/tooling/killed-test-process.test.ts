import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startProcess } from '../support/process.ts';
import { lives } from './lives.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Node 20 runs no TypeScript, and a vitest worker can't kill itself to see what is left: so the support files are
 * translated into a folder (inside the project, for its node_modules) and used by a Node of their own.
 */
let compiled: string;
beforeAll(() => {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  compiled = mkdtempSync(join(root, '.tmp', 'support-'));
  const support = join(root, 'test/support');
  for (const name of readdirSync(support).filter((file) => file.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(support, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    writeFileSync(join(compiled, name.replace(/ts$/, 'js')), outputText);
  }
});
afterAll(() => rmSync(compiled, { recursive: true, force: true }));

async function runThenKill(source: string, support: string, prefix: string): Promise<string> {
  const url = pathToFileURL(join(compiled, support)).href;
  const tests = await startProcess(process.execPath, [
    '--input-type=module',
    '-e',
    `import * as support from ${JSON.stringify(url)};\n${source}`,
  ]);
  const line = await tests.line(prefix);
  tests.kill('SIGKILL');
  await tests.exited;
  return line.slice(prefix.length);
}

test('a started process dies with the test process, even when that is killed', async () => {
  const pid = await runThenKill(
    `const child = await support.startProcess('sleep', ['300']); console.log('pid ' + child.pid);`,
    'process.js',
    'pid ',
  );
  await expect.poll(() => lives(Number(pid)), { timeout: 5_000 }).toBe(false);
});

describe('MariaDB', needing(mariadbMissing()), () => {
  test('and its folder are gone after the test process was killed', async () => {
    const folder = await runThenKill(
      `const mysql = await import('mysql2/promise');
       const mariadb = await support.startMariaDb();
       const connection = await mysql.createConnection(mariadb.url(''));
       const [[row]] = await connection.query('select @@datadir as folder');
       console.log('folder ' + row.folder);`,
      'mariadb.js',
      'folder ',
    );
    await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
  });
});
