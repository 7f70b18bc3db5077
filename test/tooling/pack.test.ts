/** What `npm pack` makes: whole, and as the tools of others want a package. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { npmPack, root } from './packed.ts';
import { smallProject } from './small-project.ts';

test('a fresh clone packs what it builds, and nothing of an older build', { timeout: 120_000 }, async () => {
  const clone = smallProject();
  clone.write('dist/lib/gone.js', '');
  clone.write('dist/.built-from', 'something else');
  const prepack = await clone.run('prepack');
  expect((await prepack.exited).code, prepack.stderr).toBe(0);
  expect(existsSync(join(clone.path, 'dist/app.js'))).toBe(true);
  expect(existsSync(join(clone.path, 'dist/lib/gone.js'))).toBe(false);
  clone.remove();
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['prepack']).toBe('node scripts/prepack.js');
});

test(
  'the package holds the application, the library with its types, the schema and the pages, and nothing else',
  { timeout: 120_000 },
  () => {
    const [packed] = JSON.parse(npmPack('--dry-run')) as [{ files: { path: string }[] }];
    const files = packed.files.map(({ path }) => path);
    for (const wanted of [
      'dist/app.js',
      'dist/lib/index.js',
      'dist/lib/index.d.ts',
      'sql/mysql/0001-silo.sql',
      'sql/sqlite/0001-silo.sql',
      'docs/storing.md',
      'deploy/drachtio-silo.service',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'package.json',
    ])
      expect(files).toContain(wanted);
    // All of the schema, and all pages.
    for (const folder of ['sql/mysql', 'sql/sqlite', 'docs'])
      for (const name of readdirSync(join(root, folder)).filter((file) => /\.(sql|md)$/.test(file)))
        expect(files).toContain(`${folder}/${name}`);
    const rest =
      /^(dist\/(app|lib\/.*)\.(js|d\.ts|js\.map)|sql\/.*\.sql|docs\/.*\.(md|png|svg)|deploy\/.*|[A-Z]+(\.md)?|package\.json)$/;
    expect(files.filter((file) => !rest.test(file))).toEqual([]);
  },
);

describe('the packed package', () => {
  let folder: TemporaryFolder;
  let tarball: Buffer<ArrayBuffer>;
  beforeAll(() => {
    folder = temporaryFolder('silo-packed');
    const [{ filename }] = JSON.parse(npmPack('--pack-destination', folder.path)) as [{ filename: string }];
    tarball = readFileSync(join(folder.path, filename));
    execFileSync('tar', ['-xzf', filename], { cwd: folder.path });
  });
  afterAll(() => folder.remove());

  test('has its sources in its maps: a stack trace names lines that are there', () => {
    const maps = readdirSync(join(folder.path, 'package/dist'), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.map'),
    );
    expect(maps.length).toBeGreaterThan(100);
    for (const map of maps) {
      const { sources, sourcesContent } = JSON.parse(
        readFileSync(join(folder.path, 'package/dist', map), 'utf8'),
      ) as { sources: string[]; sourcesContent?: string[] };
      expect(sourcesContent?.length, map).toBe(sources.length);
    }
  });

  test('is as publint wants it', async () => {
    const { buffer, byteOffset, byteLength } = tarball;
    const packed = buffer.slice(byteOffset, byteOffset + byteLength);
    const { messages } = await publint({ pack: { tarball: packed }, strict: true, level: 'suggestion' });
    expect(messages).toEqual([]);
  });

  test('has types for every resolution (arethetypeswrong); what requires it gets modules, which Node takes since 20.19', async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)));
    if (result.types === false) throw new Error('there are no types');
    expect(result.problems.map(({ kind }) => kind)).toEqual(['CJSResolvesToESM']);
  });
});

test(
  'who installs it from git gets it built, and who works on it builds nothing by npm ci',
  { timeout: 120_000 },
  async () => {
    const project = smallProject();
    const folder = temporaryFolder('silo-git');
    const modules = (name: string) => `file:${join(root, 'node_modules', name)}`;
    const { scripts, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
      files: readonly string[];
    };
    const { prepare } = scripts;
    const devDependencies = { typescript: modules('typescript'), '@types/node': modules('@types/node') };
    project.write(
      'package.json',
      JSON.stringify({
        ...{ name: 'from-git', version: '1.0.0', type: 'module', files, scripts: { prepare } },
        devDependencies,
      }),
    );
    project.write('.gitignore', 'node_modules\ndist\npackage-lock.json\n');
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...args], {
        cwd: project.path,
      });
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'all');
    const npm = async (cwd: string, ...args: readonly string[]) => {
      const running = await startProcess('npm', [...args, '--no-audit', '--no-fund'], { cwd });
      expect((await running.exited).code, running.stderr).toBe(0);
    };
    await npm(project.path, 'run', 'prepare');
    expect(existsSync(join(project.path, 'dist'))).toBe(false);
    writeFileSync(join(folder.path, 'package.json'), '{ "private": true }');
    await npm(folder.path, 'install', `git+file://${project.path}`);
    const built = join(folder.path, 'node_modules/from-git/dist/app.js');
    const said = execFileSync(process.execPath, [built, 'hello'], { encoding: 'utf8' });
    expect(said).toBe('up hello\n');
    folder.remove();
    project.remove();
  },
);
