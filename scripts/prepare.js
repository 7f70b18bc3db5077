/**
 * What makes `npm start` and its like work on a fresh clone with nothing but Node and npm. Plain JavaScript without
 * dependencies, since it runs before there are any. It talks on standard error: standard output is the app's.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { BUILD_STAMP, buildStale, packagesStale, sourceFingerprint } from './stale.js';

export { ensureDebian } from './debian.js';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Brings node_modules to what package-lock.json says; throws a sentence when that fails. */
export function ensurePackages() {
  const why = packagesStale(root);
  if (why === undefined) return;
  console.error(`Installing packages (npm ci): ${why} …`);
  // With the compiler and the test tools, whatever NODE_ENV says. Twice, because networks hiccup.
  const npmCi = () => npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  let outcome = npmCi();
  if (outcome.status !== 0) {
    console.error('npm ci failed; trying once more …');
    outcome = npmCi();
  }
  if (outcome.status !== 0) {
    throw new Error(
      `The packages could not be installed: npm ci failed twice. Is the npm registry reachable?\n${said(outcome)}`,
    );
  }
}

/** Brings dist/ to what the sources say; throws the compiler's findings when they are wrong. */
export function ensureBuild() {
  const why = buildStale(root);
  if (why === undefined) return;
  console.error(`Building (tsc): ${why} …`);
  const fingerprint = sourceFingerprint(root);
  const outcome = node([join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  if (outcome.status !== 0) throw new Error(`The build failed.\n${said(outcome)}`);
  writeFileSync(join(root, BUILD_STAMP), fingerprint);
}

/** Prepares and then becomes the built program: same process, so that signals and arguments reach it directly. */
export async function runBuilt(entry) {
  orExit(() => {
    ensurePackages();
    ensureBuild();
    if (!existsSync(join(root, entry)))
      throw new Error(`${entry} does not exist: there is no source for it.`);
  });
  const file = join(root, entry);
  // As if it had been started by name.
  process.argv[1] = file;
  await import(pathToFileURL(file).href);
}

/** A failure to prepare is for a person to read: the sentence, without a stack. */
export function orExit(action) {
  try {
    action();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

/** The npm that runs us, where one does: PATH may hold another, or none. */
function npm(args) {
  const cli = process.env.npm_execpath ?? '';
  if (/npm-cli\.[cm]?js$/.test(cli)) return node([cli, ...args]);
  return run('npm', args, { shell: process.platform === 'win32' });
}

function node(args) {
  return run(process.execPath, args);
}

function run(command, args, options = {}) {
  return spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
}

function said({ stdout, stderr, error }) {
  return [stdout, stderr, error?.message].filter(Boolean).join('\n').trim();
}
