/** `drachtio-silo import` as a user runs it. */
import { runCli } from '../../lib/cli/cli.ts';
import type { MsiloTable } from '../support/msilo.ts';
import { startProcess, type Exit, type RunningProcess } from '../support/process.ts';

type Databases = Pick<MsiloTable, 'url' | 'store'>;

export interface Run {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
}

/** In a process of its own. */
export function startImportCommand(
  { url, store }: Databases,
  args: readonly string[] = [],
): Promise<RunningProcess> {
  return startProcess(process.execPath, ['dist/app.js', 'import', url, ...args], {
    env: { SILO_STORE: store },
  });
}

export async function runImportCommand(...start: Parameters<typeof startImportCommand>): Promise<Run> {
  const running = await startImportCommand(...start);
  const exit = await running.exited;
  return { exit, stdout: running.stdout, stderr: running.stderr };
}

/**
 * The same command line in this process: what it says and what it does, in a tenth of the time. One at a time, since it
 * says it on the standard output of all.
 */
export async function importHere({ url, store }: Databases, args: readonly string[] = []): Promise<Run> {
  return commandHere(['import', url, ...args], store);
}

export async function commandHere(args: readonly string[], store = 'sqlite::memory:'): Promise<Run> {
  const said = { stdout: '', stderr: '' };
  const before = { store: process.env['SILO_STORE'], code: process.exitCode };
  const originals = (['stdout', 'stderr'] as const).map((name) => {
    const stream = process[name];
    const write = stream.write.bind(stream);
    stream.write = (text: string | Uint8Array) => {
      said[name] += text.toString();
      return true;
    };
    return () => (stream.write = write);
  });
  const { log, error } = console;
  console.log = (line: string) => (said.stdout += `${line}\n`);
  console.error = (line: string) => (said.stderr += `${line}\n`);
  process.env['SILO_STORE'] = store;
  process.exitCode = 0;
  try {
    await runCli(args, () => Promise.reject(new Error('the application was started')));
    return { exit: { code: process.exitCode, signal: null }, ...said };
  } finally {
    for (const restore of originals) restore();
    [console.log, console.error] = [log, error];
    if (before.store === undefined) delete process.env['SILO_STORE'];
    else process.env['SILO_STORE'] = before.store;
    process.exitCode = before.code;
  }
}
