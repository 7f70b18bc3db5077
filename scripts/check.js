// npm run check: what every change must pass before anything else is run: lint, types, unit tests. Under two minutes on two cores.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ensurePackages, orExit, root } from './prepare.js';

/** Generated inputs: enough to find what is often wrong. `npm test` tries 100,000. */
const RUNS = '5000';

orExit(ensurePackages);

const failed = (
  await Promise.all([
    run('lint', ['scripts/lint.js']),
    run('types', ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json']),
  ])
).filter((check) => check !== undefined);

const tests = spawn(process.execPath, ['scripts/test.js', '--project=unit', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { RUNS, ...process.env, FAILED_CHECKS: failed.join(' ') },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => tests.kill(signal));
[process.exitCode] = await once(tests, 'close');

async function run(check, args) {
  const [code] = await once(spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }), 'close');
  return code === 0 ? undefined : check;
}
