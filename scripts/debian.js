import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * What the tests use beyond Node, by command or by file. Of MariaDB the core packages: they hold the server and
 * everything that a server of one's own needs, but no service, so nothing is started or left running by installing them.
 */
const TOOLS = {
  mariadbd: { name: 'MariaDB', packages: ['mariadb-server-core', 'mariadb-client-core'] },
  galera: {
    name: 'Galera',
    packages: ['galera-4'],
    // A library, not a command.
    files: ['/usr/lib/galera/libgalera_smm.so'],
  },
  sipp: { name: 'sipp', packages: ['sip-tester'] },
  // Two softphones: the one shows a lamp but knows only MD5, the other proves itself by SHA-256.
  baresip: { name: 'baresip', packages: ['baresip-core'] },
  'linphone-daemon': { name: 'Linphone', packages: ['linphone-cli'] },
  prometheus: { name: 'Prometheus', packages: ['prometheus'], service: 'prometheus' },
  chromium: { name: 'Chromium', packages: ['chromium'] },
  // Its completion of commands; bash is everywhere.
  zsh: { name: 'zsh', packages: ['zsh'] },
  kamailio: {
    name: 'Kamailio',
    packages: ['kamailio', 'kamailio-mysql-modules'],
    files: ['/usr/sbin/kamailio', '/usr/lib/*/kamailio/modules/db_mysql.so'],
    // Its package has one, which must neither start now nor with the machine.
    service: 'kamailio',
  },
};

/**
 * Installs the Debian packages of those tools that are missing, where we may: as root, with apt-get, and unless
 * INSTALL_TOOLS=no is set. Returns one sentence for each that is still missing, saying what to install; never
 * throws, since what doesn't need the tool can go on without it.
 */
export function ensureDebian(tools) {
  return tools
    .filter((tool) => !installed(tool))
    .map((tool) => {
      const { name, packages, service } = TOOLS[tool];
      const because = forbidden() ?? withoutService(service, () => install(packages));
      if (installed(tool)) return undefined;
      return `${name} is missing; install it: apt-get install ${packages.join(' ')} (${because})`;
    })
    .filter((sentence) => sentence !== undefined);
}

function forbidden() {
  if (process.env.INSTALL_TOOLS === 'no') return 'INSTALL_TOOLS=no forbids it here';
  if (!installed('apt-get')) return 'there is no apt-get here to do it';
  return process.getuid?.() === 0 ? undefined : 'only root may do it';
}

/** Debian asks this file whether a service may be started; 101 is no. One that is there already is left alone. */
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs a package that has a service so that nothing is started, now or later. */
function withoutService(service, install) {
  if (service === undefined) return install();
  const ours = !existsSync(POLICY);
  if (ours) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    if (ours) rmSync(POLICY, { force: true });
    const options = { stdio: 'ignore', timeout: 20_000 };
    spawnSync('deb-systemd-helper', ['disable', `${service}.service`], options);
    spawnSync('update-rc.d', [service, 'disable'], options);
  }
}

/** Twice, because a mirror hiccups now and then. Returns what went wrong, if the packages are not there. */
function install(packages) {
  console.error(`Installing ${packages.join(', ')} (apt-get) …`);
  let wrong = [];
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    // A failed update is not the last word, one dead mirror among several does no harm; but it may be the cause.
    const update = aptGet(['update', '-o', 'APT::Update::Error-Mode=any'], 120_000);
    const install = aptGet(['install', '-y', '--no-install-recommends', ...packages], 300_000);
    if (install === undefined) return undefined;
    wrong = [update, install].filter((sentence) => sentence !== undefined);
  }
  return `apt-get failed twice: ${wrong.join('; ')}`;
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

function installed(tool) {
  const files = TOOLS[tool]?.files;
  if (files !== undefined) return files.every(isThere);
  // An ordinary user's PATH does not name the folders where Debian keeps servers.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A file, `*` in its name being one folder of any name (that of the machine's architecture). */
function isThere(file) {
  const [before, after] = file.split('*');
  if (after === undefined) return existsSync(file);
  return existsSync(before) && readdirSync(before).some((folder) => existsSync(before + folder + after));
}
