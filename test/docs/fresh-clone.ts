/** Where the examples of the pages run: as if somebody had just cloned this project. */
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess, type ProcessOptions, type RunningProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { root } from './pages.ts';

/** What npm, vitest and whoever runs the tests have put into the environment must not reach an example. */
export const clean = Object.fromEntries(
  Object.keys(process.env)
    .filter((name) =>
      /^(npm_|VITEST|SILO_|DRACHTIO_|TEST_|FAILED_CHECKS|NODE_ENV|INIT_CWD|DEBUG|UPDATE_)/i.test(name),
    )
    .map((name) => [name, undefined]),
);

/** Our scripts, our schema, and a folder of its own for the files that the app makes. */
export function freshClone(): TemporaryFolder {
  const project = temporaryFolder('silo-docs');
  copyFileSync(join(root, 'package.json'), join(project.path, 'package.json'));
  for (const name of ['scripts', 'sql', 'dist']) symlinkSync(join(root, name), join(project.path, name));
  return project;
}

/** Runs an example in a shell; a single command replaces the shell, so that a signal reaches it. */
export function runExample(text: string, options: ProcessOptions = {}): Promise<RunningProcess> {
  const single = text.replace(/\\\n/g, '').trim();
  const script = single.includes('\n') ? `set -e\n${text}` : `exec env ${single}`;
  return startProcess('sh', ['-c', script], {
    ...options,
    env: { ...clean, INSTALL_TOOLS: 'no', ...options.env },
  });
}
