import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Why `npm ci` must run before anything else can, or undefined where node_modules is what package-lock.json says.
 * npm leaves its own account of what it installed in node_modules; when an install was cut short there is none.
 */
export function packagesStale(root) {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return 'the packages are not installed';
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(installedFile);
  for (const [path, { version, integrity, optional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    // Packages for other platforms are in the lock file and rightly not on this disk.
    if (found === undefined && optional) continue;
    if (found?.version !== version || found?.integrity !== integrity) return `${path} has changed`;
  }
  const extra = Object.keys(installed).find((path) => wanted[path] === undefined);
  return extra === undefined ? undefined : `${extra} is no longer used`;
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * All that the build reads. `test/support` because `bench/` and `examples/` borrow from it, and tsc follows the import; `test/fuzz` is what
 * `npm run fuzz` runs.
 */
const SOURCES = [
  'tsconfig.json',
  'tsconfig.build.json',
  'app.ts',
  'lib',
  'examples',
  'bench',
  'test/support',
  'test/fuzz',
];

/**
 * One word for the state of all sources. Content, not file times: a checkout of an older commit, a deleted file
 * or a build that failed half-way all leave times that mislead.
 */
export function sourceFingerprint(root) {
  const hash = createHash('sha256');
  for (const path of SOURCES.flatMap((name) => filesUnder(root, name)).sort()) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesUnder(root, path) {
  if (!existsSync(join(root, path))) return [];
  if (/\.(ts|json)$/.test(path)) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith('.ts'))
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(root, join(path, entry.name)) : join(path, entry.name),
    );
}

/** Where a finished build leaves the fingerprint of what it was made from. */
export const BUILD_STAMP = join('dist', '.built-from');

/** Why tsc must run, or undefined where dist/ was made from the sources as they are. */
export function buildStale(root) {
  const stamp = join(root, BUILD_STAMP);
  if (!existsSync(stamp)) return 'it has not been built yet';
  if (readFileSync(stamp, 'utf8') !== sourceFingerprint(root)) return 'the sources have changed';
  return undefined;
}
