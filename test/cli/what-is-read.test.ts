/** A command is there at once: what it does not need is not read. The static imports of its sources tell what is. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../docs/pages.ts';

const IMPORT = /^(?:import|export)\s(?!type\b)[^;]*?from '([^']+)';|^import '([^']+)';/gm;

/** The files and packages that are read with this file. */
function readWith(file: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [join(root, file)];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    if (!existsSync(path)) continue;
    for (const [, from, alone] of readFileSync(path, 'utf8').matchAll(IMPORT)) {
      const name = from ?? alone ?? '';
      open.push(name.startsWith('.') ? join(dirname(path), name) : name);
    }
  }
  return new Set([...found].map((path) => (path.startsWith('/') ? relative(root, path) : path)));
}

test('a command reads neither the application nor a driver of a database that it may not need', () => {
  const read = readWith('app.ts');
  expect(read).toContain('lib/cli/commands.ts');
  for (const heavy of [
    'lib/app/application.ts',
    'lib/silo/silo.ts',
    'mysql2',
    'drachtio-srf',
    'hono',
    'prom-client',
  ])
    expect(read, heavy).not.toContain(heavy);
});

test('the application reads all that it serves with, and no database engine before it knows which', () => {
  const read = readWith('lib/app/application.ts');
  for (const needed of ['lib/silo/silo.ts', 'lib/mwi/mwi.ts', 'drachtio-srf']) expect(read).toContain(needed);
  for (const engine of ['lib/stores/mysql/open.ts', 'lib/stores/sqlite/open.ts', 'mysql2'])
    expect(read, engine).not.toContain(engine);
});
