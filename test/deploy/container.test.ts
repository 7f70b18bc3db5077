/**
 * deploy/Dockerfile and compose.yaml, as far as that goes without a container: each command of them is run as it stands there, on what it
 * would have copied, and the application starts from the result.
 */
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../lib/config/config.ts';
import { freePort } from '../support/free-port.ts';
import { needing } from '../support/needing.ts';
import { startProcess } from '../support/process.ts';
import { prometheusMissing } from '../support/prometheus.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { clean } from '../docs/fresh-clone.ts';

interface Step {
  readonly name: string;
  readonly args: string;
}

/** The instructions of each stage, in their order. */
function stages(): readonly (readonly Step[])[] {
  const all: Step[][] = [];
  for (const line of readFileSync('deploy/Dockerfile', 'utf8').split('\n')) {
    const [, name = '', args = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === 'FROM') all.push([]);
    else if (name !== '') all.at(-1)?.push({ name, args });
  }
  return all;
}

const given = (name: string): string => stages()[1]?.find((step) => step.name === name)?.args ?? '';

describe('the image', () => {
  let root: string;
  beforeAll(() => {
    // Beside node_modules of ours, which nothing of it may look at.
    root = mkdtempSync(join(temporaryFolder('silo-image').path, 'image-'));
  });
  afterAll(() => rmSync(dirname(root), { recursive: true, force: true }));

  /** All of the clone that .dockerignore lets in. */
  function context(to: string): void {
    const allowed = readFileSync('deploy/Dockerfile.dockerignore', 'utf8').trim().split('\n');
    expect(allowed.shift()).toBe('*');
    for (const entry of allowed) {
      const path = entry.replace(/^!/, '');
      mkdirSync(dirname(join(to, path)), { recursive: true });
      cpSync(path, join(to, path), { recursive: true });
    }
  }

  test(
    'is built by its commands, has none of the tools that built it, and starts in its folder as somebody who is not root',
    { timeout: 300_000 },
    async () => {
      const [build = [], last = []] = stages();
      const [from, app] = [join(root, 'build'), join(root, 'app')];
      const files = join(root, 'context');
      context(files);
      for (const [steps, cwd, source] of [
        [build, from, files],
        [last, app, from],
      ] as const) {
        mkdirSync(cwd);
        for (const { name, args } of steps) {
          if (name === 'COPY') {
            const paths = args.replace(/^--from=\S+ /, '').split(' ');
            const to = join(cwd, paths.pop() ?? '');
            for (const path of paths.map((one) => join(source, one.replace(/^\/build\//, ''))))
              cpSync(path, paths.length > 1 || to.endsWith('/') ? join(to, path.slice(source.length)) : to, {
                recursive: true,
                verbatimSymlinks: true,
              });
          } else if (name === 'RUN' && !args.includes('/data')) {
            const run = await startProcess('sh', ['-c', args], {
              cwd,
              env: { ...clean, npm_config_prefer_offline: 'true' },
            });
            expect((await run.exited).code, run.stderr).toBe(0);
          }
        }
      }
      expect(readdirSync(app).sort()).toEqual(['deploy', 'dist', 'node_modules', 'package.json', 'sql']);
      expect(existsSync(join(app, 'node_modules/drachtio-srf'))).toBe(true);
      expect(existsSync(join(app, 'node_modules/typescript'))).toBe(false);
      expect(given('USER')).toBe('node');
      const [program = '', ...args] = JSON.parse(given('CMD')) as string[];
      expect(program).toBe('node');
      const data = temporaryFolder('silo-data');
      expect(given('VOLUME')).toBe('/data');
      expect(last.filter(({ name }) => name === 'WORKDIR').at(-1)?.args).toBe('/data');
      const running = await startProcess(
        process.execPath,
        args.map((arg) => arg.replace(/^\/app\//, `${app}/`)),
        {
          cwd: data.path,
          env: { ...clean, NODE_ENV: 'production', SILO_SIP_LISTEN: `127.0.0.1:${await freePort()}` },
        },
      );
      await running.line('drachtio-silo ready', { timeoutMs: 30_000 });
      expect(await running.stop(15_000)).toEqual({ code: 0, signal: null });
      expect(existsSync(join(data.path, 'silo.db'))).toBe(true);
      data.remove();
    },
  );

  test.each([
    ['ready', 200, 0, ''],
    ['not ready', 503, 1, 'not ready: 503\n'],
  ])('says whether the application beside it is %s', async (_, status, code, stderr) => {
    const asked: (string | undefined)[] = [];
    const server = createServer((req, res) => {
      asked.push(req.url);
      res.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const [, path = ''] = JSON.parse(given('HEALTHCHECK').replace(/^.*CMD /, '')) as string[];
    const args = [path.replace('/app/', '')];
    const check = await startProcess(process.execPath, args, {
      env: { ...clean, SILO_HTTP_LISTEN: `0.0.0.0:${port}` },
    });
    expect((await check.exited).code).toBe(code);
    expect(check.stderr).toBe(stderr);
    expect(asked).toEqual(['/readyz']);
    server.close();
    await once(server, 'close');
    const gone = await startProcess(process.execPath, args, {
      env: { ...clean, SILO_HTTP_LISTEN: `127.0.0.1:${port}` },
    });
    expect((await gone.exited).code).toBe(1);
    expect(gone.stderr).toContain('ECONNREFUSED');
  });
});

describe('compose.yaml', () => {
  const text = readFileSync('deploy/compose.yaml', 'utf8');
  const service = (name: string) =>
    new RegExp(`\\n {2}${name}:\\n([^]*?)\\n(?: {2})?\\S`).exec(text)?.[1] ?? '';
  const app = service('silo');

  test('gives the application options that it knows, secrets by files, and nothing that it may not have', async () => {
    const folder = temporaryFolder('silo-secrets');
    const commands = [...text.matchAll(/^# {3}(mkdir|printf|openssl)(.*)$/gm)].map(([line]) => line.slice(4));
    expect(commands).toHaveLength(4);
    const made = await startProcess('sh', ['-ec', commands.join('\n')], { cwd: folder.path });
    expect((await made.exited).code, made.stderr).toBe(0);
    const set = Object.fromEntries(
      readFileSync(join(folder.path, '.env'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split('=') as [string, string]),
    );
    const values = [...app.matchAll(/^ {6}([A-Z_]+): (.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value
        .replace(/^'(.*)'$/, '$1')
        .replace(/\$\{(\w+):\?[^}]*\}/g, (_, variable: string) => set[variable] ?? '')
        .replace('/run/secrets/', `${folder.path}/secrets/`),
    ]);
    const config = readConfig(Object.fromEntries(values) as Record<string, string>);
    const password = readFileSync(join(folder.path, 'secrets/database'), 'utf8').trim();
    expect(config.store.url).toBe(`mysql://silo:${password}@127.0.0.1:3306/silo`);
    expect(config.drachtio).toMatchObject({ host: '127.0.0.1', secret: set['DRACHTIO_SECRET'] });
    expect(config.silo.domains).toEqual(['example.org']);
    expect(config.auth.mode).toBe('on');
    expect(config.admin).toMatchObject({
      listen: '127.0.0.1:8060',
      token: readFileSync(join(folder.path, 'secrets/token'), 'utf8').trim(),
    });
    for (const words of ['read_only: true', 'cap_drop: [ALL]', 'no-new-privileges:true', 'stop_grace_period'])
      expect(app).toContain(words);
    folder.remove();
  });

  test(
    'has a Prometheus that scrapes the application with its token and evaluates the rules',
    { timeout: 60_000, ...needing(prometheusMissing()) },
    async () => {
      const folder = temporaryFolder('silo-compose');
      const inside = (path: string) => join(folder.path, path);
      const sip = `127.0.0.1:${await freePort()}`;
      const [http, web] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
      const token = randomBytes(24).toString('hex');
      mkdirSync(inside('secrets'));
      writeFileSync(inside('secrets/token'), `${token}\n`);
      const prometheus = service('prometheus');
      for (const [, from = '', to = ''] of prometheus.matchAll(/^ {6}- \.\/(\S+):(\/etc\S+):ro$/gm)) {
        mkdirSync(dirname(inside(to)), { recursive: true });
        cpSync(existsSync(inside(from)) ? inside(from) : join('deploy', from), inside(to));
      }
      const config = inside('etc/prometheus/prometheus.yml');
      writeFileSync(
        config,
        readFileSync(config, 'utf8').replace('127.0.0.1:8060', http).replaceAll('15s', '1s'),
      );
      const args = [...prometheus.matchAll(/^ +'(--\S+)',$/gm)].map(([, arg = '']) =>
        arg.replace(/=\//, `=${folder.path}/`).replace('127.0.0.1:9090', web),
      );
      expect(args).toHaveLength(4);
      const app = await startProcess(process.execPath, ['dist/app.js'], {
        env: {
          ...clean,
          SILO_STORE: 'sqlite::memory:',
          SILO_SIP_LISTEN: sip,
          SILO_HTTP_LISTEN: http,
          SILO_HTTP_TOKEN_FILE: inside('secrets/token'),
        },
      });
      await app.line('drachtio-silo ready', { timeoutMs: 30_000 });
      const running = await startProcess('prometheus', args);
      const ask = async (path: string) =>
        ((await (await fetch(`http://${web}/api/v1/${path}`)).json()) as { readonly data: unknown }).data;
      await until(async () => {
        expect(await ask('query?query=silo_ready')).toMatchObject({
          result: [{ value: [expect.anything(), '1'] }],
        });
        expect(JSON.stringify(await ask('rules'))).toContain('SiloQuarantine');
      }, 30_000);
      await running.stop();
      await app.stop();
      folder.remove();
    },
  );

  test('names files that are there, and its ports are those of this host alone', () => {
    expect(app).toContain('context: ..\n      dockerfile: deploy/Dockerfile\n');
    expect([...text.matchAll(/'([\d.]+):\d+:\d+'/g)].map(([, host]) => host)).toEqual(['127.0.0.1']);
    expect(text).toContain('--address 127.0.0.1 --port 9022');
  });
});
