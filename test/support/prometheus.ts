/** Debian's Prometheus, with our files, on loopback. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

/** Why Prometheus can't run here and what to do about it; undefined where it can. */
export function prometheusMissing(): string | undefined {
  if (findCommand('prometheus') !== undefined && findCommand('promtool') !== undefined) return undefined;
  return 'Prometheus is missing; install it: apt-get install prometheus';
}

/** What promtool says, and whether it is content. */
export async function promtool(args: readonly string[], input?: string) {
  const run = await startProcess('promtool', args, { typed: input !== undefined });
  if (input !== undefined) run.type(input, { end: true });
  const { code } = await run.exited;
  return { code, said: run.stdout + run.stderr };
}

export interface RunningPrometheus {
  /** Answers of its API, without what is around them. */
  readonly ask: (path: string, query?: Readonly<Record<string, string>>) => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/** @param rules files of rules @param config with `rule_files` and `credentials_file` as names beside it */
export async function startPrometheus(
  config: string,
  { rules, token }: { readonly rules: string; readonly token: string },
): Promise<RunningPrometheus> {
  const folder = temporaryFolder('silo-prometheus');
  writeFileSync(join(folder.path, 'prometheus.yml'), config);
  writeFileSync(join(folder.path, 'token'), token);
  copyFileSync(rules, join(folder.path, 'rules.yml'));
  const at = `127.0.0.1:${await freePort()}`;
  const running = await startProcess('prometheus', [
    `--config.file=${join(folder.path, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder.path, 'data')}`,
    `--web.listen-address=${at}`,
  ]);
  await until(async () => expectOk(await fetch(`http://${at}/-/ready`)));
  return {
    ask: async (path, query = {}) => {
      const answer = await fetch(`http://${at}/api/v1/${path}?${new URLSearchParams(query).toString()}`);
      const body = (await answer.json()) as { readonly data?: unknown; readonly error?: string };
      if (!answer.ok) throw new Error(`${path} ${JSON.stringify(query)}: ${body.error ?? answer.status}`);
      return body.data;
    },
    stop: async () => {
      await running.stop();
      folder.remove();
    },
  };
}

function expectOk({ ok, status }: Response): void {
  if (!ok) throw new Error(`Prometheus says ${status}`);
}
