import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What the tests use beyond Node, by command. Of MariaDB the core packages: they hold the server and everything that a
 * server of one's own needs, but no service, so nothing is started or left running by installing them.
 */
const TOOLS = {
  mariadbd: { name: 'MariaDB', packages: ['mariadb-server-core', 'mariadb-client-core'] },
  sipp: { name: 'sipp', packages: ['sip-tester'] },
};

/**
 * Installs the Debian packages of those commands that are missing, where we may: as root, with apt-get, and unless
 * INSTALL_TOOLS=no is set.
 * Returns one sentence for each that is still missing, saying what to install; never throws, since
 * what doesn't need the tool can go on without it.
 */
export function ensureDebian(commands) {
  let missing = commands.filter((command) => !installed(command));
  if (missing.length === 0) return [];
  let because = '';
  if (process.env.INSTALL_TOOLS === 'no') because = 'INSTALL_TOOLS=no forbids it here';
  else if (!installed('apt-get')) because = 'there is no apt-get here to do it';
  else if (process.getuid?.() !== 0) because = 'only root may do it';
  else {
    const packages = missing.flatMap((command) => TOOLS[command].packages);
    console.error(`Installing ${packages.join(', ')} (apt-get) …`);
    because = install(packages) ?? '';
    missing = missing.filter((command) => !installed(command));
  }
  return missing.map((command) => {
    const { name, packages } = TOOLS[command];
    return `${name} is missing; install it: apt-get install ${packages.join(' ')}${because && ` (${because})`}`;
  });
}

/** Twice, because a mirror hiccups now and then. Returns what went wrong. */
function install(packages) {
  let wrong;
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    // Its failure is not the last word: one dead mirror among several does not matter.
    aptGet(['update'], 120_000);
    wrong = aptGet(['install', '-y', '--no-install-recommends', ...packages], 300_000);
    if (wrong === undefined) return undefined;
  }
  return `apt-get failed twice: ${wrong}`;
}

function aptGet(args, timeout) {
  const options = ['DPkg::Lock::Timeout=120', 'Acquire::http::Timeout=20', 'Acquire::https::Timeout=20'];
  const { status, stdout, stderr, error } = spawnSync(
    'apt-get',
    ['-q', ...options.flatMap((option) => ['-o', option]), ...args],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    },
  );
  if (status === 0) return undefined;
  if (error !== undefined) return error.message;
  const said = `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('E: '));
  return said.at(0)?.slice('E: '.length) ?? `exit code ${status}`;
}

function installed(command) {
  // An ordinary user's PATH does not name the folders where Debian keeps servers.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
