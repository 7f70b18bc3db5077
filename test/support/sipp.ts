import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findCommand } from './find-command.ts';
import { freePort } from './free-port.ts';
import { startProcess } from './process.ts';
import { readMessages, readStatistics, type SippMessage, type SippStatistics } from './sipp-logs.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface SippRun {
  /** The scenario's XML, or the path of its file. */
  readonly scenario: string;
  /** Where a client sends to, `host:port`. A scenario that begins with a `recv` needs none. */
  readonly remote?: string;
  /** Our own port on 127.0.0.1; a free one unless given. */
  readonly local?: number;
  /** One socket: `u1` UDP (default), `t1` TCP. */
  readonly transport?: 'u1' | 't1';
  /** It ends after so many calls (default 1). */
  readonly calls?: number;
  /** New calls a second (default 10). */
  readonly rate?: number;
  /** Words for the scenario: `{ user: 'bob' }` is what `[user]` stands for. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Lines of `;`-separated fields, one line per call: `[field0]`, `[field1]`, … */
  readonly csv?: readonly (readonly string[])[];
  /** It is ended, and has failed, after so long (default 15 s). */
  readonly timeoutMs?: number;
  /** More arguments for sipp. */
  readonly args?: readonly string[];
}

export interface SippResult {
  /** 0: every call succeeded; 1: some failed; null: it had to be killed. */
  readonly code: number | null;
  readonly stats: SippStatistics;
  /** Every SIP message that went over the wire, in order. */
  readonly messages: readonly SippMessage[];
  /** What sipp wrote about unexpected messages and failures; empty when all is well. */
  readonly errors: string;
  readonly stdout: string;
}

export interface RunningSipp {
  readonly port: number;
  /** The messages up to now. */
  messages(): readonly SippMessage[];
  /** Settles when all calls are done, or on the time-out; never rejects for a failed call. */
  readonly done: Promise<SippResult>;
  /** Ends it now. */
  stop(): Promise<SippResult>;
}

/** Why sipp can't run here and what to do about it; undefined where it can. */
export function sippMissing(): string | undefined {
  if (findCommand('sipp') !== undefined) return undefined;
  return 'sipp is missing; install it: apt-get install sip-tester';
}

/**
 * Runs a scenario to its end.
 *
 * @example
 * const { code, errors } = await runSipp({ scenario: 'test/fixtures/message.xml', remote: '127.0.0.1:5060' });
 */
export async function runSipp(run: SippRun): Promise<SippResult> {
  const sipp = await startSipp(run);
  return sipp.done;
}

/** Starts a scenario; it listens when this settles, so a server scenario can be sent to at once. */
export async function startSipp(run: SippRun): Promise<RunningSipp> {
  const missing = sippMissing();
  if (missing !== undefined) throw new Error(missing);
  const folder = temporaryFolder('silo-sipp');
  const file = (name: string): string => join(folder.path, name);
  const read = (name: string): string => (existsSync(file(name)) ? readFileSync(file(name), 'utf8') : '');
  const port = run.local ?? (await freePort());
  const { timeoutMs = 15_000 } = run;

  const sipp = await startProcess(findCommand('sipp') ?? 'sipp', await argumentsOf(run, port, folder.path), {
    // It writes logs into its working folder, whatever it is told.
    cwd: folder.path,
  });
  const timer = setTimeout(() => sipp.kill('SIGKILL'), timeoutMs);
  const done = sipp.exited.then(({ code }): SippResult => {
    clearTimeout(timer);
    const result = {
      code,
      stats: readStatistics(read('statistics.csv')),
      messages: readMessages(read('messages.log')),
      errors: [
        code === null ? `sipp was stopped, or did not end within ${timeoutMs} ms` : '',
        read('errors.log'),
        sipp.stderr.replace(/^Resolving remote host .*$/m, ''),
      ]
        .join('\n')
        .trim(),
      stdout: sipp.stdout,
    };
    folder.remove();
    return result;
  });

  // sipp says nothing when its socket is open, but it creates the statistics right after it.
  const outcome: { result?: SippResult } = {};
  void done.then((result) => (outcome.result = result));
  while (outcome.result === undefined && !existsSync(file('statistics.csv'))) await pause(5);

  return {
    port,
    messages: () => outcome.result?.messages ?? readMessages(read('messages.log')),
    done,
    stop: async () => {
      sipp.kill('SIGKILL');
      return done;
    },
  };
}

async function argumentsOf(run: SippRun, port: number, folder: string): Promise<string[]> {
  const scenario = run.scenario.trimStart().startsWith('<') ? join(folder, 'scenario.xml') : run.scenario;
  if (scenario !== run.scenario) writeFileSync(scenario, run.scenario.trimStart());
  const csv = join(folder, 'fields.csv');
  if (run.csv !== undefined) {
    writeFileSync(csv, ['SEQUENTIAL', ...run.csv.map((fields) => fields.join(';')), ''].join('\n'));
  }
  return [
    ...(run.remote === undefined ? [] : [run.remote]),
    ...[
      '-sf',
      scenario,
      '-t',
      run.transport ?? 'u1',
      '-m',
      String(run.calls ?? 1),
      '-r',
      String(run.rate ?? 10),
    ],
    // Loopback only, its remote control included (which would otherwise listen on every address).
    ...['-i', '127.0.0.1', '-p', String(port), '-bind_local'],
    ...['-ci', '127.0.0.1', '-cp', String(await freePort())],
    ...['-nostdin', '-skip_rlimit', '-fd', '1'],
    ...['-trace_msg', '-message_file', 'messages.log', '-trace_err', '-error_file', 'errors.log'],
    ...['-trace_stat', '-stf', 'statistics.csv'],
    ...Object.entries(run.keys ?? {}).flatMap(([key, value]) => ['-key', key, value]),
    ...(run.csv === undefined ? [] : ['-inf', csv]),
    ...(run.args ?? []),
  ];
}
