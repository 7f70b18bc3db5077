/** The application in a process of its own, as `npm start` runs it, on free ports and with a file that goes away. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Application {
  readonly server: { readonly host: string; readonly port: number };
  /** A crash (`kill -9`), and a new start on the same port and file. */
  crash(): Promise<void>;
  /** An orderly end; the file is removed. */
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
const LIMIT = 15_000;

export async function startApplication(): Promise<Application> {
  const folder = mkdtempSync(join(tmpdir(), 'drachtio-silo-demo-'));
  let child: ChildProcess | undefined;
  // However we end, nothing is left behind.
  const cleanUp = () => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

  const store = `sqlite:${join(folder, 'silo.db')}`;
  async function start(port: number): Promise<number> {
    child = spawn(process.execPath, [fileURLToPath(new URL('../../app.js', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...foreignEnvironment(), SILO_SIP_LISTEN: `${HOST}:${port}`, SILO_STORE: store },
    });
    return portOf(await readyLine(child));
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  const port = await start(0);
  return {
    server: { host: HOST, port },
    crash: async () => {
      await end('SIGKILL');
      await start(port);
    },
    stop: async () => {
      await end('SIGTERM');
      process.off('exit', cleanUp);
      cleanUp();
    },
  };
}

/** Our own environment without the options of whoever starts the demo: it has its own port and store. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SILO|DRACHTIO)_/.test(name)));
}

async function readyLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the application has no standard output');
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  try {
    for await (const line of createInterface({ input: child.stdout }))
      if (line.startsWith('drachtio-silo ready')) return line;
  } finally {
    clearTimeout(limit);
    // What it says later is not part of the story, but must not fill the pipe.
    child.stdout.resume();
  }
  throw new Error(`the application was not ready within ${LIMIT / 1000} s`);
}

function portOf(line: string): number {
  const port = /udp\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
  if (port === undefined) throw new Error(`no UDP port in the ready line: ${line}`);
  return Number(port);
}
