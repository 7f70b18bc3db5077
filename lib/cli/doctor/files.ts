/** What `doctor` says of files: who can read them, and is there room. */
import { existsSync, statfsSync, statSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { CONFIGURABLE } from '../../config/config.ts';
import { fileKeyOf, variableOf } from '../../options/listing.ts';
import { notesOf, type Finding, type Notes } from './finding.ts';

const MEGABYTE = 1024 * 1024;
/** Free space below this, in MB. */
const ROOM_WARN = 1_000;
const ROOM_FAIL = 50;
/** Magic number of NFS, on which the shared memory of a WAL does not work. */
const NFS = 0x6969;

type Environment = Readonly<Record<string, string | undefined>>;

/** The files that secrets are in. */
export function secretFindings(env: Environment, { store, auth }: Config): readonly Finding[] {
  const notes = notesOf('secrets');
  const named = [...CONFIGURABLE]
    .filter(([, { secret }]) => secret === true)
    .map(([key]) => variableOf(fileKeyOf(key)))
    .map((variable) => [variable, env[variable] ?? ''] as const);
  const users = /^file:(.+)$/.exec(String(auth.users))?.[1] ?? '';
  for (const [variable, path] of [
    ...named,
    ['SILO_CONFIG', env['SILO_CONFIG'] ?? ''],
    ['SILO_STORE_KEY', store.key],
    ['SILO_USERS', users],
  ] as const)
    if (path !== '' && existsSync(path)) lookAtMode(path, variable, 'a secret', notes);
  return notes.list;
}

export function lookAtMode(path: string, what: string, holds: string, notes: Notes): void {
  const mode = statSync(path).mode & 0o777;
  const shown = `${path} has mode ${mode.toString(8).padStart(4, '0')}`;
  if ((mode & 0o077) === 0) notes.ok(what, shown);
  else
    notes.warn(
      what,
      `${shown}: others than its owner can ${(mode & 0o044) === 0 ? 'change' : 'read'} ${holds}`,
      `chmod 600 ${path}, and let the user of the application own it.`,
    );
}

export function lookAtDisk(folder: string, notes: Notes): void {
  if (!existsSync(folder)) {
    notes.fail(
      'disk',
      `the folder ${folder} is not there`,
      'Make it, and give it to the user of the application.',
    );
    return;
  }
  const { bavail, bsize, type } = statfsSync(folder);
  const free = Math.floor((bavail * bsize) / MEGABYTE);
  const found = `${free.toLocaleString('en')} MB are free in ${folder}`;
  if (free < ROOM_FAIL) notes.fail('disk', found, 'Make room: without it every message is refused with 503.');
  else if (free < ROOM_WARN) notes.warn('disk', found, 'Make room before it is needed.');
  else notes.ok('disk', found);
  if (type === NFS)
    notes.fail(
      'disk',
      `${folder} is on NFS`,
      'SQLite needs a local disk: put the file on one, or use MySQL or MariaDB.',
    );
}
