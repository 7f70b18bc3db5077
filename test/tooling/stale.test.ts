import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BUILD_STAMP, buildStale, packagesStale, sourceFingerprint } from '../../scripts/stale.js';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder('silo-stale');
});
afterEach(() => folder.remove());

function write(file: string, content: unknown): void {
  const path = join(folder.path, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

const debug = { version: '4.4.3', integrity: 'sha512-one' };
const locked = (packages: object): void => write('package-lock.json', { packages: { '': {}, ...packages } });
const installed = (packages: object): void => write('node_modules/.package-lock.json', { packages });

test('packages are stale when they were never installed, or the install was cut short', () => {
  locked({ 'node_modules/debug': debug });
  expect(packagesStale(folder.path)).toBe('the packages are not installed');
  mkdirSync(join(folder.path, 'node_modules/debug'), { recursive: true });
  expect(packagesStale(folder.path)).toBe('the packages are not installed');
});

test('packages are fresh when what is installed is what is locked', () => {
  locked({ 'node_modules/debug': debug });
  installed({ 'node_modules/debug': debug });
  expect(packagesStale(folder.path)).toBeUndefined();
});

test('packages are stale when one has another version, is new, or is gone', () => {
  installed({ 'node_modules/debug': debug });
  locked({ 'node_modules/debug': { version: '4.4.4', integrity: 'sha512-two' } });
  expect(packagesStale(folder.path)).toBe('node_modules/debug has changed');
  locked({ 'node_modules/debug': debug, 'node_modules/zod': { version: '4.6.7' } });
  expect(packagesStale(folder.path)).toBe('node_modules/zod has changed');
  locked({});
  expect(packagesStale(folder.path)).toBe('node_modules/debug is no longer used');
});

test('a package for another platform may be absent', () => {
  locked({ 'node_modules/debug': debug, 'node_modules/for-macs': { version: '1.0.0', optional: true } });
  installed({ 'node_modules/debug': debug });
  expect(packagesStale(folder.path)).toBeUndefined();
});

test('a build is stale until it was made from the sources as they are', () => {
  write('app.ts', 'one');
  write('lib/deep/er.ts', 'two');
  expect(buildStale(folder.path)).toBe('it has not been built yet');
  write(BUILD_STAMP, sourceFingerprint(folder.path));
  expect(buildStale(folder.path)).toBeUndefined();
  write('lib/README.md', 'not a source');
  expect(buildStale(folder.path)).toBeUndefined();
});

test.each<[string, () => void]>([
  ['changed', () => write('lib/deep/er.ts', 'other')],
  ['added', () => write('lib/new.ts', '')],
  ['removed', () => rmSync(join(folder.path, 'lib/deep/er.ts'))],
  [
    'moved',
    () => {
      rmSync(join(folder.path, 'lib/deep/er.ts'));
      write('lib/deep/est.ts', 'two');
    },
  ],
])('a build is stale when a source was %s', (_, change) => {
  write('app.ts', 'one');
  write('lib/deep/er.ts', 'two');
  write(BUILD_STAMP, sourceFingerprint(folder.path));
  change();
  expect(buildStale(folder.path)).toBe('the sources have changed');
});
