/** The package that this code is a part of: its folder and its version. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SiloError } from './errors.ts';

/** The folder of package.json: `sql/` lies there for the sources and for the build in `dist/` alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new SiloError(
        'SILO_SCHEMA',
        'The folder sql/ of the package was not found: reinstall drachtio-silo.',
      );
    folder = parent;
  }
  return folder;
}

export function packageVersion(): string {
  const about: unknown = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  return typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '?';
}
