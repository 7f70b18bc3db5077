import { afterEach, beforeEach, expect, test } from 'vitest';
import { smallProject, type SmallProject } from './small-project.ts';

let project: SmallProject;
beforeEach(() => {
  project = smallProject();
});
afterEach(() => project.remove());

test('npm start builds once, then runs the app with its arguments', async () => {
  const first = await project.run('start', '--verbose');
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(first.stdout).toBe('up --verbose\n');
  expect(first.stderr).toBe('Building (tsc): it has not been built yet …\n');

  const second = await project.run('start');
  await second.exited;
  expect(second.stdout).toBe('up \n');
  expect(second.stderr).toBe('');
});

test('npm start builds again when a source has changed', async () => {
  await (
    await project.run('start')
  ).exited;
  project.write('app.ts', `console.log('changed');`);
  const again = await project.run('start');
  await again.exited;
  expect(again.stdout).toBe('changed\n');
});

test('npm start refuses sources that do not compile, every time', async () => {
  project.write('app.ts', `const port: number = 'high'; console.log(port);`);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const start = await project.run('start');
    expect((await start.exited).code).toBe(1);
    expect(start.stdout).toBe('');
    expect(start.stderr).toMatch(/The build failed\.\napp\.ts\(1,7\): error TS2322/);
  }
});

test('a signal to npm start is a signal to the app', async () => {
  project.write(
    'app.ts',
    `process.on('SIGTERM', () => { console.log('goodbye'); process.exit(3); });
     setInterval(() => undefined, 1000); console.log('up');`,
  );
  const start = await project.run('start');
  await start.line('up');
  start.kill('SIGTERM');
  expect(await start.exited).toEqual({ code: 3, signal: null });
  expect(start.stdout).toBe('up\ngoodbye\n');
});

test('npm run demo says so where there is none', async () => {
  const demo = await project.run('demo');
  expect((await demo.exited).code).toBe(1);
  expect(demo.stderr).toContain('dist/examples/demo.js does not exist');
});

test.each([
  [undefined, 'no NEXT section'],
  ['# Changelog\n\n## 1.0.0\n\n- first\n', 'no NEXT section'],
  ['# Changelog\n\n## NEXT\n\n## 1.0.0\n\n- first\n', 'an empty NEXT section'],
  ['# Changelog\n\n### NEXT\n\n### 1.0.0\n\n- first\n', 'an empty NEXT section'],
])('npm version is refused without a word about the change (%#)', async (changelog, found) => {
  if (changelog !== undefined) project.write('CHANGELOG.md', changelog);
  const preversion = await project.run('preversion');
  expect((await preversion.exited).code).toBe(1);
  expect(preversion.stderr).toContain(found);
});

const PLACES = { repository: 'github:example/example', bugs: 'https://example.org/issues' };

test('npm version is refused while nobody knows where the sources and the issues are', async () => {
  project.write('CHANGELOG.md', '## NEXT\n\n- lamps\n');
  project.write('package.json', JSON.stringify({ type: 'module', repository: PLACES.repository }));
  const preversion = await project.run('preversion');
  expect((await preversion.exited).code).toBe(1);
  expect(preversion.stderr).toContain('package.json has no bugs: name the address');
});

test.each(['## NEXT\n\n- lamps\n\n## 1.0.0\n', '### [NEXT]\n\n#### Added\n\n- lamps\n\n### 1.0.0\n'])(
  'npm version goes on when the change is told (%#)',
  async (changelog) => {
    project.write('CHANGELOG.md', `# Changelog\n\n${changelog}`);
    project.write('package.json', JSON.stringify({ type: 'module', ...PLACES }));
    expect((await (await project.run('preversion')).exited).code).toBe(0);
  },
);
