/** deploy/drachtio-silo.service: what systemd says of it, and its command as it stands there. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findCommand } from '../support/find-command.ts';
import { freePort } from '../support/free-port.ts';
import { needing } from '../support/needing.ts';
import { startProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const UNIT = readFileSync('deploy/drachtio-silo.service', 'utf8');
const INSTALLED = '/usr/bin/node /usr/local/lib/node_modules/drachtio-silo/';
/** How much a service could do to its host, of 10. */
const EXPOSURE = 20;

const valueOf = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(UNIT)?.[1] ?? '';

describe('the systemd unit', () => {
  let folder: TemporaryFolder;
  let unit: string;
  beforeAll(() => {
    folder = temporaryFolder('silo-unit');
    unit = join(folder.path, 'drachtio-silo.service');
    // Node and the package are elsewhere here.
    expect(UNIT).toContain(`ExecStart=${INSTALLED}dist/app.js\n`);
    writeFileSync(unit, UNIT.replaceAll(INSTALLED, `${process.execPath} ${process.cwd()}/`));
  });
  afterAll(() => folder.remove());

  describe(
    'to systemd',
    needing(
      findCommand('systemd-analyze') === undefined
        ? 'systemd-analyze is missing; install it: apt-get install systemd'
        : undefined,
    ),
    () => {
      test('is without a fault, also with the lines that are to be taken in', () => {
        for (const text of [UNIT, UNIT.replace(/^#(?=LoadCredential|Environment)/gm, '')]) {
          writeFileSync(unit, text.replaceAll(INSTALLED, `${process.execPath} ${process.cwd()}/`));
          const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], {
            encoding: 'utf8',
          });
          expect([status, stdout + stderr]).toEqual([0, '']);
        }
      });

      test('lets the service do little to its host', () => {
        const args = ['security', '--offline=yes', '--no-pager', `--threshold=${EXPOSURE}`, unit];
        expect(() => execFileSync('systemd-analyze', args)).not.toThrow();
      });
    },
  );

  test('runs a command that starts in an empty folder, and ends in its time with code 0', async () => {
    const [program = '', ...args] = valueOf('ExecStart')
      .replace(INSTALLED, `${process.execPath} ${process.cwd()}/`)
      .split(' ');
    const state = temporaryFolder('silo-state');
    const app = await startProcess(program, args, {
      cwd: state.path,
      env: { NODE_ENV: 'production', SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}` },
    });
    expect(await app.line('drachtio-silo ready', { timeoutMs: 30_000 })).toContain('sqlite:./silo.db');
    expect(await app.stop(Number(valueOf('TimeoutStopSec')) * 1_000)).toEqual({ code: 0, signal: null });
    state.remove();
  });
});
