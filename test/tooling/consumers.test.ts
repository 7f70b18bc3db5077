/** Those who install the package: by import and by require, with TypeScript and without, in an app that has its own drachtio-srf. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { npmPack, root } from './packed.ts';

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

let home: TemporaryFolder;
let tarball: string;
beforeAll(() => {
  home = temporaryFolder('silo-installed');
  const [{ filename }] = JSON.parse(npmPack('--pack-destination', home.path)) as [{ filename: string }];
  tarball = join(home.path, filename);
  execFileSync('tar', ['-xzf', filename], { cwd: home.path });
});
afterAll(() => home.remove());

async function run(cwd: string, ...args: readonly [string, ...string[]]): Promise<string> {
  const [program, ...rest] = args;
  const made = await startProcess(program, rest, { cwd });
  expect((await made.exited).code, made.stderr + made.stdout).toBe(0);
  return made.stdout;
}
const node = (...args: readonly string[]) => run(home.path, process.execPath, ...args);

describe('where it is installed', { timeout: 120_000 }, () => {
  beforeAll(() => {
    const packages = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)];
    for (const name of [...packages, '@types/node', 'typescript'])
      link(name, join(root, 'node_modules', name));
    link('drachtio-silo', join(home.path, 'package'));
  });

  function link(name: string, target: string): void {
    const path = join(home.path, 'node_modules', name);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(target, path);
  }

  test('its command says its version', async () => {
    expect(await node('package/dist/app.js', '--version')).toBe(`${manifest.version}\n`);
  });

  test('it is there for import and for require, with its schema', async () => {
    const use = `openStore('sqlite::memory:').then(async (store) => { console.log(store.name); await store.close(); });\n`;
    writeFileSync(join(home.path, 'use.mjs'), `import { openStore } from 'drachtio-silo';\n${use}`);
    writeFileSync(join(home.path, 'use.cjs'), `const { openStore } = require('drachtio-silo');\n${use}`);
    for (const file of ['use.mjs', 'use.cjs']) expect(await node(file)).toBe('sqlite::memory:\n');
  });

  const SOURCE = `
    import { createSilo, openStore, type Silo, type SiloOptions } from 'drachtio-silo';
    const options: SiloOptions = { expireTime: 60 };
    export async function start(dependencies: Omit<Parameters<typeof createSilo>[0], 'store'>): Promise<Silo> {
      return createSilo({ ...dependencies, store: await openStore('sqlite::memory:') }, options);
    }
    void openStore('sqlite::memory:').then(async (store) => {
      console.log(store.name);
      await store.close();
    });`;

  /** The same under other names: the settings, and whether Node runs what comes of it. */
  test.each([
    ['modules', 'nodenext', 'nodenext', 'use.mts', 'use.mjs'],
    ['commonjs, as of TypeScript 5.8', 'nodenext', 'nodenext', 'use.cts', 'use.cjs'],
    ['modules of Node 16', 'node16', 'node16', 'use16.mts', 'use16.mjs'],
    ['commonjs as it always was', 'commonjs', 'node10', 'old.ts', 'old.js'],
    ['a bundler', 'esnext', 'bundler', 'bundled.ts', undefined],
  ])('its types are there for TypeScript with %s', async (_, module, moduleResolution, file, made) => {
    writeFileSync(join(home.path, file), SOURCE);
    const tsc = 'node_modules/typescript/bin/tsc';
    // Our own declarations once, since it takes long.
    const skips = String(file !== 'use.mts');
    const strict = ['--strict', '--skipLibCheck', skips, '--target', 'es2023', '--types', 'node'];
    const kind = ['--module', module, '--moduleResolution', moduleResolution];
    await node(tsc, ...strict, ...kind, '--outDir', 'out', file);
    if (made !== undefined) expect(await node(join('out', made))).toBe('sqlite::memory:\n');
  });
});

test(
  'in an app that has a drachtio-srf of its own there is one, and it is the one of the app',
  { timeout: 180_000 },
  async () => {
    const app = temporaryFolder('silo-beside');
    const srf = manifest.peerDependencies['drachtio-srf'] ?? '';
    writeFileSync(
      join(app.path, 'package.json'),
      JSON.stringify({
        private: true,
        dependencies: { 'drachtio-srf': srf, 'drachtio-silo': `file:${tarball}` },
      }),
    );
    await run(app.path, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund');
    const copies = readdirSync(join(app.path, 'node_modules'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => path.endsWith(join('drachtio-srf', 'package.json')),
    );
    expect(copies).toEqual([join('drachtio-srf', 'package.json')]);
    writeFileSync(
      join(app.path, 'app.cjs'),
      `const Srf = require('drachtio-srf');
       const { createPort, createSilo, createRegistrar, openStore } = require('drachtio-silo');
       const srf = new Srf();
       const port = createPort(srf);
       openStore('sqlite::memory:').then(async (store) => {
         const silo = createSilo({ srf, port, store, bindings: createRegistrar({ port, store }) });
         srf.use('message', silo.onMessage);
         console.log('put together');
         await silo.close();
         await store.close();
       });`,
    );
    expect(await run(app.path, process.execPath, 'app.cjs')).toBe('put together\n');
    app.remove();
  },
);
