// npm run lint: every rule of the house, whatever the first one says, two at a time; `npm run lint -- arrows`: one of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ensurePackages, orExit, root } from './prepare.js';

const RULES = {
  code: ['eslint/bin/eslint.js', '.'],
  arrows: [
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config=scripts/lint/arrows.js',
    '--output-type=err-long',
    'app.ts',
    'lib',
  ],
  unused: ['knip/bin/knip.js', '--no-progress'],
  format: ['prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
};

/** Who reads our output through a pipe wants words only. */
const colours = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1', FORCE_COLOR: undefined };

orExit(ensurePackages);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((rule) => !(rule in RULES));
if (unknown.length > 0) {
  console.error(`npm run lint knows ${Object.keys(RULES).join(', ')}, but not ${unknown.join(', ')}.`);
  process.exit(1);
}
const rules = Object.keys(RULES).filter((rule) => wanted.length === 0 || wanted.includes(rule));
// The first takes longer than the rest together.
const long = rules.filter((rule) => rule === 'code');
const broken = (
  await Promise.all([inTurn(long), inTurn(rules.filter((rule) => !long.includes(rule)))])
).flat();
if (broken.length > 0) {
  console.error(`\nnpm run lint: not in order: ${broken.join(', ')}.`);
  process.exitCode = 1;
}

async function inTurn(rules) {
  const broken = [];
  for (const rule of rules) {
    const [file, ...args] = RULES[rule];
    const run = spawn(process.execPath, [`node_modules/${file}`, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...colours },
    });
    let said = '';
    for (const stream of [run.stdout, run.stderr])
      stream.setEncoding('utf8').on('data', (text) => (said += text));
    const [status] = await once(run, 'close');
    if (status === 0) continue;
    broken.push(rule);
    // In one piece, however many rules speak at the same time.
    console.error(`== ${rule}\n${said.trimEnd()}`);
  }
  return broken;
}
