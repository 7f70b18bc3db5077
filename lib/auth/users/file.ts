/**
 * Users in a file, as htdigest writes it: `user:realm:digest`, one a line. The realm is the user's domain unless SILO_REALM says
 * otherwise: then a user without a domain is of one domain all the same, and not that user in every domain that is asked for. 32 hex digits are a digest in MD5, 64 one in SHA-256; a user may have a line for each. Lines that begin with # and empty
 * ones do not count. It is read again when it has changed; what can't be read then changes nothing.
 */
import { readFileSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { SiloError, textOf } from '../../base/errors.ts';
import { logger } from '../../base/log.ts';
import type { Secrets } from '../digest/verify.ts';
import { readHost } from '../../sip/read/uri.ts';
import type { Users } from './find.ts';

const log = logger('auth:users');
/** ms between two looks whether it has changed. */
const LOOK = 1_000;
const LINE = /^([^:]+):([^:]+):([0-9a-f]{32}|[0-9a-f]{64})$/i;

type Entries = ReadonlyMap<string, Secrets>;

export interface FileRules {
  /** SILO_REALM; '' where each domain is one. */
  readonly realm: string;
  /** Served domains; empty: all. */
  readonly domains: readonly string[];
}

/** @throws SiloError `SILO_CONFIG` when it can't be read, has a line that is none, or a user who could be of several domains */
export function openUserFile(path: string, rules: FileRules): Users {
  const home = homeOf(rules);
  const read = () => {
    const found = readEntries(path);
    const bare = rules.realm !== '' && home === undefined ? bareName(found, rules.realm) : undefined;
    if (bare !== undefined) throw homeless(path, bare, rules);
    return found;
  };
  let stamp = stampOf(path);
  let entries = read();
  let looked = performance.now();

  async function look(): Promise<void> {
    if (performance.now() - looked < LOOK) return;
    looked = performance.now();
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const now = `${mtimeMs} ${size} ${ino}`;
      if (now === stamp) return;
      stamp = now;
      entries = read();
      log.debug(`${path} was read again: ${entries.size} users`);
    } catch (error) {
      log.error(`${textOf(error)} The users that were read before stay.`);
    }
  }

  return {
    find: async ({ sent, realm, domain }) => {
      await look();
      if (rules.realm !== '' && !sent.includes('@') && domain !== home) return undefined;
      return entries.get(`${sent}:${realm}`);
    },
    any: async () => {
      await look();
      return entries.size > 0;
    },
  };
}

/** The domain of users who stand there without one under SILO_REALM; undefined: nobody can tell. */
function homeOf({ realm, domains }: FileRules): string | undefined {
  const host = readHost(realm);
  if (domains.length === 1) return domains[0];
  if (host === undefined) return undefined;
  // One word is a name for people rather than a domain, unless it is served as one.
  return domains.length === 0
    ? /[.:]/.test(host)
      ? host
      : undefined
    : domains.find((name) => name === host);
}

function bareName(entries: Entries, realm: string): string | undefined {
  const end = `:${realm}`;
  return [...entries.keys()]
    .filter((key) => key.endsWith(end))
    .map((key) => key.slice(0, -end.length))
    .find((user) => !user.includes('@'));
}

function homeless(path: string, user: string, { realm, domains }: FileRules): SiloError {
  const many = domains.length === 0 ? 'every domain is served' : `${domains.join(' and ')} are served`;
  return new SiloError(
    'SILO_CONFIG',
    `${user} in the file ${path} named by SILO_USERS could be of any domain: SILO_REALM is "${realm}", and ${many}. ` +
      'Name the one domain of these users in SILO_DOMAINS, or let SILO_REALM be that domain, or write lines such as ' +
      `bob@example.org:${realm}:… for phones that send their user name so.`,
  );
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
}

function readEntries(path: string): Entries {
  const entries = new Map<string, Secrets>();
  textOfFile(path)
    .split(/\r?\n/)
    .forEach((line, index) => {
      if (line.trim() === '' || line.startsWith('#')) return;
      const [, user = '', realm = '', digest = ''] = LINE.exec(line.trim()) ?? [];
      if (digest === '')
        throw new SiloError(
          'SILO_CONFIG',
          `Line ${index + 1} of the file ${path} named by SILO_USERS can't be read: wanted is user:realm:digest, ` +
            'with 32 hex digits for MD5 or 64 for SHA-256, as htdigest writes it.',
        );
      const name = `${user}:${realm}`;
      // Whatever form the name has, this is the digest over that form.
      const secrets =
        digest.length === 32 ? { ha1: digest, ha1b: digest } : { ha1Sha256: digest, ha1bSha256: digest };
      entries.set(name, { ...entries.get(name), ...secrets });
    });
  return entries;
}

function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new SiloError(
      'SILO_CONFIG',
      `The file ${path} named by SILO_USERS can't be read (${textOf(cause)}): wanted is a file with lines user:realm:digest.`,
      { cause },
    );
  }
}
