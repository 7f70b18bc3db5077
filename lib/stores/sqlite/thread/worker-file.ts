/** The file that the thread runs. */
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { packageRoot } from '../../../base/package.ts';

/**
 * Compiled, it is above this one. From the sources, as tests run, it is TypeScript, which a worker of Node 20 does not read:
 * then scripts/transpile.js makes JavaScript of it.
 */
export async function workerFile(): Promise<URL> {
  if (!import.meta.url.endsWith('.ts')) return new URL('../worker.js', import.meta.url);
  const script = pathToFileURL(join(packageRoot(), 'scripts', 'transpile.js'));
  const { transpiled } = (await import(script.href)) as { transpiled: (file: URL) => Promise<URL> };
  return transpiled(new URL('../worker.ts', import.meta.url));
}
