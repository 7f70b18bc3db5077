/** sipp as load and as phones: the scenarios of bench/sipp, and what sipp has counted. */
import { existsSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findCommand } from '../../../test/support/find-command.ts';
import { freePort } from '../../../test/support/free-port.ts';
import { startProcess, type RunningProcess } from '../../../test/support/process.ts';
import { readStatistics } from '../../../test/support/sipp-logs.ts';
import type { Address } from '../../../test/support/sip/message.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../test/support/temporary-folder.ts';
import { cpuSeconds } from '../meter/processes.ts';

const SCENARIOS = 'bench/sipp';
/** A load that is not done after this is given up, in seconds. */
const LIMIT = 300;
/** What a shell prints last: the processor time of its children, user and system. */
const TIMES = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/;

/** Requests that are sent, or come, once more. */
const REPEATS = /_[A-Z]+_Retrans$/;

export interface Load {
  readonly scenario: string;
  readonly calls: number;
  /** So many calls are open at any time; or so many begin a second. */
  readonly open?: number;
  readonly rate?: number;
  /** For each call; from the beginning again when they are used up. */
  readonly fields: readonly (readonly string[])[];
  readonly keys?: Readonly<Record<string, string | number>>;
  /** Call-IDs are `<name>-<number>@127.0.0.1`; different ones in each run without. */
  readonly name?: string;
  /** Where it sends from; a free one without. */
  readonly port?: number;
}

export interface Loaded {
  readonly successful: number;
  readonly failed: number;
  /** Requests that had to be said again. */
  readonly repeats: number;
  /** When the first call began, in epoch ms. */
  readonly began: number;
  /** Each answer: when it came (epoch ms), and after how many ms. */
  readonly answers: readonly { readonly at: number; readonly took: number }[];
  /** How often 503 was the answer. */
  readonly refused: number;
  readonly notes: readonly string[];
}

/** What takes requests, for as long as the workload lasts. */
export interface Phones {
  readonly port: number;
  /** What they have noted up to now. */
  notes(): readonly string[];
  /** Ends them; resolves with how often they heard something again. */
  end(): Promise<number>;
}

export function sippMissing(): string | undefined {
  return findCommand('sipp') === undefined
    ? 'sipp is missing; install it: apt-get install sip-tester'
    : undefined;
}

/** All sipp of one workload. */
export class Sipp {
  readonly #server: Address;
  readonly #phones = new Set<RunningProcess>();
  readonly #folders: TemporaryFolder[] = [];
  #spent = 0;

  constructor(server: Address) {
    this.#server = server;
  }

  /** Processor time of all of it, in seconds. */
  get cpuSeconds(): number {
    return [...this.#phones].reduce((sum, { pid }) => sum + cpuSeconds(pid), this.#spent);
  }

  /** Runs a load to its end. */
  async load(load: Load): Promise<Loaded> {
    const folder = this.#folder();
    writeFileSync(
      join(folder, 'fields.csv'),
      ['SEQUENTIAL', ...load.fields.map((line) => line.join(';')), ''].join('\n'),
    );
    const { host, port } = this.#server;
    const args = [
      `${host}:${port}`,
      ...(await common(load.scenario, load.port ?? (await freePort()))),
      ...['-m', String(load.calls), '-inf', 'fields.csv', '-trace_rtt', '-rtt_freq', '1'],
      ...(load.rate === undefined
        ? ['-users', String(Math.min(load.open ?? 1, load.calls))]
        : atRate(load.rate)),
      ...(load.name === undefined ? [] : ['-cid_str', `${load.name}-%u@%s`]),
      ...Object.entries(load.keys ?? {}).flatMap(([key, value]) => ['-key', key, String(value)]),
    ];
    // The shell knows what its child has used when that is over.
    const shell = await startProcess(
      'sh',
      [
        '-c',
        '"$@" >screen.log 2>&1; code=$?; times; exit $code',
        'sh',
        findCommand('sipp') ?? 'sipp',
        ...args,
      ],
      { cwd: folder, env: { TZ: 'UTC' } },
    );
    const timer = setTimeout(() => void shell.stop(0), LIMIT * 1000);
    const { code } = await shell.exited;
    clearTimeout(timer);
    const [, minutes = '0', seconds = '0', ...system] = TIMES.exec(shell.stdout) ?? [];
    this.#spent += 60 * (Number(minutes) + Number(system[0] ?? 0)) + Number(seconds) + Number(system[1] ?? 0);
    // 1: some calls failed, which is told by the counters.
    if (code !== 0 && code !== 1)
      throw new Error(
        `sipp ended with ${code ?? 'a signal'} on ${load.scenario}: ${file(folder, 'screen.log').slice(-500)}`,
      );
    return resultOf(folder);
  }

  /** Starts phones; they take what comes until the workload is over. */
  async phones(scenario: string, wanted?: number): Promise<Phones> {
    const folder = this.#folder();
    const port = wanted ?? (await freePort());
    const running = await startProcess(findCommand('sipp') ?? 'sipp', await common(scenario, port), {
      cwd: folder,
      env: { TZ: 'UTC' },
    });
    this.#phones.add(running);
    // It makes the file right after its socket.
    while (!existsSync(join(folder, 'statistics.csv'))) {
      if (!(await alive(running)))
        throw new Error(`sipp ended on ${scenario}: ${running.stderr.slice(-500)}`);
    }
    return {
      port,
      notes: growing(folder, '_logs.log'),
      end: async () => {
        this.#spent += cpuSeconds(running.pid);
        this.#phones.delete(running);
        await running.stop();
        return counted(folder, REPEATS);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#phones].map((running) => running.stop()));
    for (const folder of this.#folders) folder.remove();
  }

  #folder(): string {
    const folder = temporaryFolder('silo-sipp');
    this.#folders.push(folder);
    return folder.path;
  }
}

async function common(scenario: string, port: number): Promise<string[]> {
  return [
    ...['-sf', resolve(SCENARIOS, `${scenario}.xml`), '-t', 'u1'],
    ...[
      '-i',
      '127.0.0.1',
      '-p',
      String(port),
      '-bind_local',
      '-ci',
      '127.0.0.1',
      '-cp',
      String(await freePort()),
    ],
    ...['-nostdin', '-skip_rlimit', '-timer_resol', '1', '-buff_size', '4000000'],
    ...['-trace_stat', '-stf', 'statistics.csv', '-fd', '10', '-trace_counts', '-trace_logs'],
  ];
}

/** Evenly, however many are open. */
function atRate(rate: number): string[] {
  return ['-r', String(Math.max(1, Math.round(rate))), '-l', '100000'];
}

async function alive(running: RunningProcess): Promise<boolean> {
  return Promise.race([
    running.exited.then(() => false),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 5)),
  ]);
}

function resultOf(folder: string): Loaded {
  const { successful, failed, counters } = readStatistics(file(folder, 'statistics.csv'));
  const began = Number(counters['StartTime']?.split('\t').at(-1) ?? NaN) * 1000;
  const answers = linesOf(folder, '_rtt.csv')
    .slice(1)
    .map((line) => line.split(';').map(Number))
    .map(([date = NaN, took = NaN]) => ({ at: began + date, took }));
  return {
    successful,
    failed,
    repeats: counted(folder, REPEATS),
    refused: counted(folder, /_503_Recv$/),
    began,
    answers,
    notes: linesOf(folder, '_logs.log'),
  };
}

/** The sum of sipp's counters with such names: `2_202_Recv` is 202 in the third step of a scenario. */
function counted(folder: string, kind: RegExp): number {
  const lines = linesOf(folder, '_counts.csv');
  const names = lines[0]?.split(';') ?? [];
  const values = lines.at(-1)?.split(';') ?? [];
  return names.reduce((sum, name, index) => sum + (kind.test(name) ? Number(values[index] ?? 0) : 0), 0);
}

/** The lines of a file that is written to; each look reads what is new, since who measures must not take the processor. */
function growing(folder: string, ending: string): () => readonly string[] {
  const lines: string[] = [];
  let opened: number | undefined;
  let rest = '';
  const chunk = Buffer.alloc(65_536);
  return () => {
    const name = readdirSync(folder).find((candidate) => candidate.endsWith(ending));
    if (opened === undefined && name !== undefined) opened = openSync(join(folder, name), 'r');
    if (opened === undefined) return lines;
    for (let read = readSync(opened, chunk); read > 0; read = readSync(opened, chunk)) {
      const found = (rest + chunk.toString('latin1', 0, read)).split('\n');
      rest = found.pop() ?? '';
      lines.push(...found);
    }
    return lines;
  };
}

/** sipp puts its process id into the names of these. */
function linesOf(folder: string, ending: string): readonly string[] {
  const name = readdirSync(folder).find((candidate) => candidate.endsWith(ending));
  if (name === undefined) return [];
  const text = file(folder, name);
  // Of a line that is being written nothing is read.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
}

function file(folder: string, name: string): string {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
