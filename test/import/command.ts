/** `drachtio-silo import` as a user runs it. */
import type { MsiloTable } from '../support/msilo.ts';
import { startProcess, type Exit, type RunningProcess } from '../support/process.ts';

export interface Run {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
}

export function startImportCommand(
  { url, store }: Pick<MsiloTable, 'url' | 'store'>,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProcess> {
  return startProcess(process.execPath, ['dist/app.js', 'import', url, ...args], {
    env: { SILO_STORE: store, ...env },
  });
}

export async function runImportCommand(...start: Parameters<typeof startImportCommand>): Promise<Run> {
  const running = await startImportCommand(...start);
  const exit = await running.exited;
  return { exit, stdout: running.stdout, stderr: running.stderr };
}
