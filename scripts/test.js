// npm test: everything that the tests need, the tests, and as the last line `N passed, N failed`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuild, ensureDebian, ensurePackages, root } from './prepare.js';

/** No other server can do what it asks for; vitest.config.ts leaves it out. */
const REAL_ONLY = 'test/conformance/tls.test.ts';

const args = process.argv.slice(2);
/** The unit lane runs on the sources alone: no build, no database server. */
const unit =
  /(^| )--project[ =]unit( |$)/.test(args.join(' ')) && !/--project[ =](?!unit)/.test(args.join(' '));
const selecting = args.some((arg) => /^(-t|--testNamePattern)(=|$)/.test(arg));

/** Checks that ran before us and failed (`.ci/run` names lint and types here): they count as failed. */
const failed = (process.env.FAILED_CHECKS ?? '').split(' ').filter(Boolean);

if (attempt('installing the packages', ensurePackages)) {
  if (!unit) prepare();
  conclude(await runVitest());
} else {
  conclude({ passed: 0, failed: [], skipped: [], retried: [] });
}

function prepare() {
  // The tests run on the sources, so a build that fails is one failure and not the end.
  attempt('building', ensureBuild);
  const missing = ensureDebian([
    ...['mariadbd', 'galera', 'sipp', 'kamailio', 'baresip', 'linphone-daemon'],
    ...['prometheus', 'chromium', 'zsh'],
  ]);
  for (const sentence of missing) console.error(`${sentence}. The tests that need it are skipped.`);
}

function attempt(what, action) {
  try {
    action();
    return true;
  } catch (error) {
    console.error(error.message);
    failed.push(what);
    return false;
  }
}

/** In a process of its own: whatever becomes of it, the last line is still ours to print. */
async function runVitest() {
  const folder = mkdtempSync(join(tmpdir(), 'silo-tests-'));
  const file = join(folder, 'report.json');
  const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default'];
  const vitest = spawn(
    process.execPath,
    [
      join('node_modules', 'vitest', 'vitest.mjs'),
      'run',
      ...reporters,
      `--reporter=${join(root, 'scripts', 'test-report.js')}`,
      ...args,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      // What a killed run would leave in the temporary folder goes away with ours.
      env: { TEST_RETRIES: '2', ...process.env, TEST_REPORT: file, TMPDIR: folder },
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => vitest.kill(signal));
  const late = limit(vitest);
  const [code, signal] = await once(vitest, 'close');
  const report = read(file) ?? { passed: 0, failed: [], skipped: [], retried: [], finished: false };
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });

  if (late()) report.failed.push('the tests did not end in time');
  else if (!report.finished) report.failed.push(`vitest ended early (${signal ?? `code ${code}`})`);
  else if (code !== 0 && report.failed.length === 0) report.failed.push(`vitest ended with code ${code}`);
  return report;
}

/** Where somebody waits for the last line (`.ci/run`), a run that hangs must end by itself. */
function limit(vitest) {
  const minutes = Number(process.env.TEST_MINUTES ?? 0);
  let late = false;
  if (minutes > 0) {
    setTimeout(() => {
      late = true;
      vitest.kill('SIGTERM');
      setTimeout(() => vitest.kill('SIGKILL'), 10_000).unref();
    }, minutes * 60_000).unref();
  }
  return () => late;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function conclude(report) {
  failed.push(...report.failed);
  const { passed } = report;
  // What `-t` leaves out was not wanted; hundreds of lines would say so.
  const skipped = report.skipped.filter(({ reason }) => !selecting || reason !== 'no reason given');
  console.log('');
  if (!unit && process.env.SILO_CONFORMANCE_DRACHTIO === undefined && existsSync(join(root, REAL_ONLY)))
    console.log(`Not run, since SILO_CONFORMANCE_DRACHTIO names no drachtio-server: ${REAL_ONLY}`);
  for (const reason of new Set(skipped.map((test) => test.reason))) {
    console.log(`Skipped: ${reason}`);
    for (const { name } of skipped.filter((test) => test.reason === reason)) console.log(`  ${name}`);
  }
  // It has passed, and yet something is wrong: with the test, the code or the machine.
  if (report.retried.length > 0) console.log('Passed only at a second try:');
  for (const { name, tries, why } of report.retried) {
    console.log(`  ${name} (try ${tries})`);
    for (const reason of why) console.log(`    ${reason}`);
  }
  if (failed.length > 0) console.log('Failed:');
  for (const name of failed) console.log(`  ${name}`);
  if (passed + failed.length === 0) console.log('No test ran.');
  console.log(
    `${passed} passed, ${failed.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ''}`,
  );
  process.exitCode = passed > 0 && failed.length === 0 ? 0 : 1;
}
