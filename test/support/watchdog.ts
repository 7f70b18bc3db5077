import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

export interface Watchdog {
  /** The danger is over: the watchdog ends without doing its job. */
  dismiss(): void;
}

/**
 * Runs a shell script once this process is gone, however it went.
 *
 * No exit handler runs after `kill -9`, and vitest ends its workers hard when a run is stopped. So a shell
 * waits on a pipe that only we hold the other end of: the kernel closes it with our death, `read` returns, and
 * the script runs. It is detached, else the Ctrl-C that ends us would end it first.
 */
export function whenWeDie(script: string, ...args: readonly string[]): Watchdog {
  const dog = spawn('sh', ['-c', `read -r nothing; ${script}`, 'watchdog', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    detached: true,
  });
  // Neither the watchdog nor its pipe may keep our event loop alive.
  dog.unref();
  if (dog.stdin instanceof Socket) dog.stdin.unref();
  dog.stdin.on('error', () => undefined);
  dog.on('error', () => undefined);
  return { dismiss: () => void dog.kill('SIGKILL') };
}
