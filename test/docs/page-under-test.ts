/** A page whose examples one test file runs: which there are, and which were forgotten. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunningProcess } from '../support/process.ts';
import { freshClone, runExample } from './fresh-clone.ts';
import { blocks } from './pages.ts';

export interface PageUnderTest {
  /** The one example that holds these words. */
  readonly example: (language: string, words: string) => string;
  /** Those that were not asked for. */
  readonly left: () => readonly string[];
}

export function pageUnderTest(path: string): PageUnderTest {
  const tested = new Set<string>();
  return {
    example: (language, words) => {
      const found = blocks(language, path).filter(({ text }) => text.includes(words));
      expect(found, `${words} in ${path}`).toHaveLength(1);
      tested.add(found[0]!.text);
      return found[0]!.text;
    },
    left: () =>
      ['sh', 'ts', 'json', 'sql', 'text', 'yaml']
        .flatMap((language) => blocks(language, path))
        .map(({ text }) => text)
        .filter((text) => !tested.has(text)),
  };
}

export interface Operator {
  /** The folder in which everything happens. */
  readonly path: string;
  /** A command of a page, to its end. */
  readonly run: (
    text: string,
    code?: number,
    env?: Readonly<Record<string, string>>,
  ) => Promise<RunningProcess>;
  /** A command of a page that goes on. */
  readonly start: (text: string, env?: Readonly<Record<string, string>>) => Promise<RunningProcess>;
  readonly remove: () => void;
}

/** Somebody who has installed the package, as `npm install --global` does, and sits at a shell. */
export function operator(common: Readonly<Record<string, string>> = {}): Operator {
  const folder = freshClone();
  const program = join(folder.path, 'drachtio-silo');
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${join(folder.path, 'dist/app.js')}' "$@"\n`,
  );
  chmodSync(program, 0o755);
  const start: Operator['start'] = (text, env = {}) =>
    runExample(text, {
      cwd: folder.path,
      env: {
        PATH: `${folder.path}:${process.env['PATH'] ?? ''}`,
        SILO_HTTP_LISTEN: 'off',
        ...common,
        ...env,
      },
    });
  return {
    path: folder.path,
    start,
    run: async (text, code = 0, env = {}) => {
      const run = await start(text, env);
      expect((await run.exited).code, text + run.stdout + run.stderr).toBe(code);
      return run;
    },
    remove: () => folder.remove(),
  };
}
