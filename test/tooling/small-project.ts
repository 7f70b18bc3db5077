import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILD_STAMP, sourceFingerprint } from '../../scripts/stale.js';
import { startProcess, type RunningProcess } from '../support/process.ts';

const root = join(import.meta.dirname, '../..');

export interface SmallProject {
  readonly path: string;
  write(file: string, content: string): void;
  /** `node scripts/<name>.js …` in it. */
  run(script: string, ...args: readonly string[]): Promise<RunningProcess>;
  remove(): void;
}

export interface SmallProjectOptions {
  /** As if it had been built: the scripts find nothing to do. */
  readonly built?: boolean;
  /** Packages that it uses beside those of every small project. */
  readonly packages?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A project with our scripts and a few lines of its own, prepared as if `npm ci` had run: the scripts can be
 * watched at work in a second, and nothing is done to the real one.
 */
export function smallProject(options: SmallProjectOptions = {}): SmallProject {
  mkdirSync(join(root, '.tmp'), { recursive: true });
  const path = mkdtempSync(join(root, '.tmp', 'project-'));
  const write = (file: string, content: string): void => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), content);
  };
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'scripts']) {
    cpSync(join(root, file), join(path, file), { recursive: true });
  }
  // vitest looks for a configuration further up, and would find the real one.
  write('vitest.config.js', 'export default { test: { maxWorkers: 2 } };\n');
  write('package.json', '{ "type": "module" }');
  write('package-lock.json', '{ "packages": { "": {} } }');
  write('node_modules/.package-lock.json', '{ "packages": {} }');
  for (const name of new Set(['vitest', 'typescript', '@types', ...(options.packages ?? [])])) {
    mkdirSync(dirname(join(path, 'node_modules', name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(path, 'node_modules', name));
  }
  write('app.ts', `console.log('up', process.argv.slice(2).join(' '));\n`);
  if (options.built === true) write(BUILD_STAMP, sourceFingerprint(path));
  return {
    path,
    write,
    run: (script, ...args) =>
      // A vitest inside of a vitest must not take itself for one of its workers.
      startProcess(process.execPath, [`scripts/${script}.js`, ...args], {
        cwd: path,
        env: {
          VITEST: undefined,
          VITEST_WORKER_ID: undefined,
          VITEST_POOL_ID: undefined,
          NODE_ENV: undefined,
          INSTALL_TOOLS: 'no',
          // What failed before those who run us is not what fails in the small project.
          FAILED_CHECKS: undefined,
          ...options.env,
        },
      }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
