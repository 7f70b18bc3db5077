import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { whenWeDie } from './watchdog.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface RunningProcess {
  readonly pid: number;
  /** All that it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Settles when it has ended and all its output is in; never rejects. */
  readonly exited: Promise<Exit>;
  /** The first line of standard output (or error) that starts with the prefix, past lines included. */
  line(prefix: string, options?: LineOptions): Promise<string>;
  /** Types this into its standard input, if it has one (`typed`). */
  type(text: string, options?: { readonly end?: boolean }): void;
  /** Sends a signal to this one process; nothing happens if it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it: SIGTERM, and SIGKILL for what is still there after `graceMs` (5 s). */
  stop(graceMs?: number): Promise<Exit>;
}

interface LineOptions {
  readonly timeoutMs?: number;
  readonly from?: 'stdout' | 'stderr';
}

export interface ProcessOptions {
  readonly cwd?: string;
  /** Added to our own environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** It has a standard input, which stays open; without, it reads nothing. */
  readonly typed?: boolean;
  /** It is killed when it has said more characters than this. */
  readonly mostOutput?: number;
}

/**
 * Starts a process that can't outlive the tests: it leads a process group of its own, and the whole group is killed
 * when it ends or when we do (an `npm start` leaves nothing behind either).
 *
 * @example
 * const app = await startProcess(process.execPath, ['dist/app.js'], { env: { SILO_STORE: 'sqlite::memory:' } });
 * await app.line('drachtio-silo ready');
 * app.kill('SIGKILL');
 */
export async function startProcess(
  command: string,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const child = spawn(command, args, {
    stdio: [options.typed === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: { ...withoutOwn(process.env), ...options.env },
    detached: true,
  });
  // Before anything else happens, or the first words of a fast child are lost.
  const output = collect(child, options.mostOutput);
  const exited = exitOf(child);
  child.on('error', () => undefined);
  // It may have ended before it has read all.
  child.stdin?.on('error', () => undefined);
  await once(child, 'spawn');
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} has no process id after its start.`);
  const watchdog = whenWeDie('kill -s KILL -- "-$1"', String(pid));
  child.once('exit', () => {
    watchdog.dismiss();
    killGroup(pid);
  });

  return {
    pid,
    exited,
    get stdout() {
      return output.text('stdout');
    },
    get stderr() {
      return output.text('stderr');
    },
    line: (prefix, { timeoutMs = 10_000, from = 'stdout' } = {}) =>
      new Promise((resolve, reject) => {
        const settle = (finish: () => void): void => {
          clearTimeout(timer);
          output.changed.delete(look);
          finish();
        };
        const fail = (why: string): void =>
          settle(() =>
            reject(new Error(`${command} ${why} without a line "${prefix}…" on ${from}.\n${output.tail()}`)),
          );
        const look = (): void => {
          const line = wholeLines(output.text(from)).find((candidate) => candidate.startsWith(prefix));
          if (line !== undefined) settle(() => resolve(line));
        };
        const timer = setTimeout(() => fail(`ran for ${timeoutMs} ms`), timeoutMs);
        output.changed.add(look);
        look();
        void exited.then(({ code, signal }) => fail(`ended (${signal ?? `code ${code ?? '?'}`})`));
      }),
    type: (text, { end = false } = {}) => {
      child.stdin?.write(text);
      if (end) child.stdin?.end();
    },
    kill: (signal) => void child.kill(signal),
    stop: async (graceMs = 5_000) => {
      // A process that a test has frozen would not even hear SIGTERM.
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

interface Output {
  readonly changed: Set<() => void>;
  text(stream: 'stdout' | 'stderr'): string;
  /** The end of what it said, for error messages. */
  tail(): string;
}

function collect(child: ChildProcess, most = Infinity): Output {
  const texts = { stdout: '', stderr: '' };
  const changed = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk;
      if (texts[name].length > most) child.kill('SIGKILL');
      for (const listener of [...changed]) listener();
    });
  }
  return {
    changed,
    text: (stream) => texts[stream],
    tail: () => `${texts.stdout}\n${texts.stderr}`.trim().slice(-2_000),
  };
}

/** `close`, not `exit`: only then has all the output been read. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The usual case: it had no children left.
  }
}

/** What names the server that the tests run against is nothing that the application may know of: it refuses what is no option. */
function withoutOwn(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SILO_CONFORMANCE_')));
}
