/** Certificates for tests, by an authority of their own; made with `openssl`. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findCommand } from './find-command.ts';

const run = promisify(execFile);

/** Paths of PEM files. */
interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** Path of its certificate. */
  readonly ca: string;
  /** @param names what it is for, as in `IP:127.0.0.1` or `DNS:localhost`; @param days that it is good for, from now */
  issue(file: string, names: string, days?: number): Promise<Certificate>;
}

export function opensslMissing(): string | undefined {
  return findCommand('openssl') === undefined
    ? 'openssl is missing; install it: apt-get install openssl'
    : undefined;
}

/** A new authority, whose files are in `folder` and begin with its name. */
export async function createAuthority(folder: string, name: string): Promise<Authority> {
  const at = (file: string) => join(folder, `${name}-${file}.pem`);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const openssl = (...args: string[]) => run('openssl', args);
  const ca = { cert: at('ca'), key: at('ca-key') };
  await openssl(
    ...['req', '-x509', ...newKey, '-keyout', ca.key, '-out', ca.cert, '-days', '30'],
    ...['-subj', `/CN=${name} authority`],
  );
  return {
    ca: ca.cert,
    issue: async (file, names, days = 30) => {
      const [cert, key, asked, extensions] = [at(file), at(`${file}-key`), at(`${file}-asked`), at('ext')];
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      await openssl('req', '-new', ...newKey, '-keyout', key, '-out', asked, '-subj', `/CN=${file}`);
      await openssl(
        ...['x509', '-req', '-in', asked, '-CA', ca.cert, '-CAkey', ca.key, '-CAcreateserial'],
        ...['-out', cert, '-days', String(days), '-extfile', extensions],
      );
      return { cert, key };
    },
  };
}
