/** A command of `drachtio-silo` as an operator runs it, in a process of its own. */
import { startProcess } from '../support/process.ts';

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param env options of ours that stand in the environment of the tests do not leak in */
export async function silo(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const foreign = Object.keys(process.env).filter((name) => /^(SILO|DRACHTIO)_/.test(name));
  const running = await startProcess(process.execPath, ['dist/app.js', ...args], {
    env: { ...Object.fromEntries(foreign.map((name) => [name, undefined])), ...env },
  });
  const { code } = await running.exited;
  return { code, stdout: running.stdout, stderr: running.stderr };
}

/** Its answer as a program reads it. */
export async function siloJson(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly answer: unknown }> {
  const { code, stdout, stderr } = await silo([...args, '--json'], env);
  try {
    return { code, answer: JSON.parse(stdout) as unknown };
  } catch (cause) {
    throw new Error(`${args.join(' ')} --json gave no JSON: ${stdout}${stderr}`, { cause });
  }
}
