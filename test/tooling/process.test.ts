import { expect, test } from 'vitest';
import { startProcess } from '../support/process.ts';
import { lives } from './lives.ts';

const node = (source: string, options = {}): ReturnType<typeof startProcess> =>
  startProcess(process.execPath, ['-e', source], options);

test('a line is found by its beginning, whether it came before or after the question', async () => {
  const child = await node(
    `console.log('first of all'); setTimeout(() => console.log('ready at ' + process.env.PLACE), 50);
     setInterval(() => {}, 1000)`,
    { env: { PLACE: 'home' } },
  );
  expect(await child.line('ready')).toBe('ready at home');
  expect(await child.line('first')).toBe('first of all');
  expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' });
});

test('the exit code is reported, with all that was said', async () => {
  const child = await node(`console.error('no such luck'); process.exitCode = 7`);
  expect(await child.exited).toEqual({ code: 7, signal: null });
  expect(child.stderr).toBe('no such luck\n');
});

test('waiting for a line ends when the process does, and the error shows its words', async () => {
  const child = await node(`console.error('port is taken'); process.exitCode = 1`);
  await expect(child.line('ready')).rejects.toThrow(/ended \(code 1\)[^]*port is taken/);
});

test('a process that ignores SIGTERM is stopped all the same', async () => {
  const child = await node(`process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)`);
  await child.line('up');
  expect(await child.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
});

test('its own children do not outlive it', async () => {
  const child = await startProcess('sh', ['-c', 'sleep 300 & echo "child $!"; wait']);
  const grandchild = Number((await child.line('child')).slice('child '.length));
  expect(lives(grandchild)).toBe(true);
  child.kill('SIGKILL');
  await child.exited;
  await expect.poll(() => lives(grandchild)).toBe(false);
});

test('a command that does not exist is an error at the start', async () => {
  await expect(startProcess('no-such-command-here')).rejects.toThrow(/ENOENT/);
});
