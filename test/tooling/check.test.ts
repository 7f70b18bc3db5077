/** `npm run check`, and the lanes that it and `npm test` take the tests from. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { smallHouse } from './small-house.ts';
import type { SmallProject } from './small-project.ts';

const root = join(import.meta.dirname, '../..');

describe('npm run check', { timeout: 120_000 }, () => {
  let house: SmallProject;
  beforeEach(() => {
    house = smallHouse();
  });
  afterEach(() => house.remove());

  async function check(): Promise<{ code: number | null; last: string | undefined }> {
    const run = await house.run('check');
    const { code } = await run.exited;
    return { code, last: run.stdout.trimEnd().split('\n').at(-1) };
  }

  test('runs lint, types and unit tests', async () => {
    expect(await check()).toEqual({ code: 0, last: '1 passed, 0 failed' });
  });

  test('counts each of them that is not in order', async () => {
    house.write('lib/silo/pace/pause.ts', `export const pause: string = 1\n`);
    expect(await check()).toEqual({ code: 1, last: '1 passed, 2 failed' });
  });
});

describe('the lanes', { timeout: 60_000 }, () => {
  async function filesOf(...lanes: readonly string[]): Promise<string[]> {
    const projects = lanes.map((lane) => `--project=${lane}`);
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const list = await startProcess(
      process.execPath,
      [vitest, 'list', '--filesOnly', '--json', ...projects],
      {
        cwd: root,
        env: {
          VITEST: undefined,
          VITEST_WORKER_ID: undefined,
          VITEST_POOL_ID: undefined,
          NODE_ENV: undefined,
        },
      },
    );
    await list.exited;
    const files = JSON.parse(list.stdout) as readonly { readonly file: string }[];
    return files.map(({ file }) => relative(root, file)).sort();
  }

  test('have each test once', async () => {
    const lanes = await Promise.all(['unit', 'system', 'faults'].map((lane) => filesOf(lane)));
    const all = lanes.flat().sort();
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(await filesOf());
    for (const files of lanes) expect(files.length).toBeGreaterThan(10);
  });

  test('keep database servers and other processes out of the unit tests', async () => {
    for (const file of await filesOf('unit')) {
      const text = readFileSync(join(root, file), 'utf8');
      expect(text, file).not.toMatch(/support\/(shared-mariadb|mariadb|galera|app|process|sipp)\.ts/);
    }
  });
});
