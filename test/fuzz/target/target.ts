/** The application in a process of its own, on a store of its own; behind the embedded front end or a real drachtio-server. */
import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { connect } from 'node:net';
import { residentMb } from '../../../bench/memory.ts';
import { startApp, type RunningApp } from '../../support/app.ts';
import { realServer } from '../../support/real-server.ts';
import { listeningPorts } from './admin-port.ts';
import type { Failure } from './failure.ts';
import type { FuzzStore } from './stores.ts';

/** Short times, so that retries, sweeps and expiries happen while a batch runs. */
const ENVIRONMENT = {
  SILO_NODE: 'fuzz',
  SILO_LIVE_TIMEOUT: '500',
  SILO_CHECK_TIME: '2',
  SILO_STOP_GRACE: '1000',
  SILO_LEASE_TIME: '3',
  SILO_MIN_EXPIRES: '1',
  SILO_MWI_MIN_SUBSCRIPTION: '1',
  SILO_MWI_MIN_PUBLICATION: '1',
  SILO_MWI_SPREAD: '100',
  SILO_DOMAINS: '',
  // One address sends all of it.
  SILO_LIMIT_SOURCE_RATE: '0',
  SILO_LIMIT_SENDER_RATE: '0',
  SILO_LIMIT_PAIR_RATE: '0',
  SILO_LIMIT_SENDER_RECIPIENTS: '0',
  SILO_LIMIT_SENDER_MESSAGES: '0',
  SILO_LIMIT_SENDER_BYTES: '0',
  SILO_LIMIT_PAIR_MESSAGES: '0',
} as const;

const STOP_MS = 10_000;
const TRACE = /^ +at .+:\d+:\d+\)?$/m;

export interface TargetOptions {
  readonly store: FuzzStore;
  /** MB that the application may hold. */
  readonly memory: number;
  /** A file that what it says on standard error is added to when it ends. */
  readonly errors?: string | undefined;
}

export class Target {
  readonly server: { readonly host: string; readonly port: number };
  readonly #options: TargetOptions;
  #app: RunningApp;
  #read = 0;
  #kept = 0;

  private constructor(options: TargetOptions, app: RunningApp) {
    this.#options = options;
    this.#app = app;
    this.server = app.server;
  }

  static async start(options: TargetOptions): Promise<Target> {
    return new Target(options, await startApp({ ...ENVIRONMENT, SILO_STORE: options.store.url }));
  }

  get memory(): number {
    return residentMb(this.#app.process.pid);
  }

  /** The wire port of the embedded front end; undefined where there is none, or none to be found. */
  get wirePort(): number | undefined {
    if (realServer) return undefined;
    return listeningPorts(this.#app.process.pid).find((port) => port !== this.server.port);
  }

  /** What is wrong with the process and its server, as far as can be seen from outside. */
  async vitals(): Promise<Failure | undefined> {
    const { process } = this.#app;
    const ended = await Promise.race([process.exited, Promise.resolve(undefined)]);
    if (ended)
      return {
        kind: 'the application ended',
        seen: `${ended.signal ?? `code ${ended.code ?? '?'}`}: ${process.stderr.slice(-2_000)}`,
      };
    const said = process.stderr.slice(this.#read);
    if (TRACE.test(said)) return { kind: 'a stack trace', seen: said.slice(-2_000) };
    // The last line may not be whole yet.
    this.#read += said.lastIndexOf('\n') + 1;
    const { memory } = this;
    if (memory > this.#options.memory)
      return { kind: 'too much memory', seen: `${memory} MB, ${this.#options.memory} are allowed` };
    if (realServer && !(await listens(realServer.admin)))
      return { kind: 'the server does not listen', seen: `nobody at ${realServer.admin.port} any more` };
    return undefined;
  }

  /** Stops it gracefully and starts it again on what it has stored. */
  async restart(): Promise<Failure | undefined> {
    const failure = await this.stop();
    if (failure) return failure;
    try {
      const { store } = this.#options;
      this.#app = await startApp({ ...ENVIRONMENT, SILO_STORE: store.url }, this.server.port);
      this.#read = 0;
      return undefined;
    } catch (error) {
      return { kind: 'the application does not start', seen: String(error) };
    }
  }

  async stop(): Promise<Failure | undefined> {
    const { code, signal } = await this.#app.process.stop(STOP_MS);
    this.#keepErrors();
    if (code === 0) return undefined;
    return {
      kind: 'the application does not stop',
      seen: `${signal ?? `code ${code ?? '?'}`} after SIGTERM: ${this.#app.process.stderr.slice(-500)}`,
    };
  }

  async kill(): Promise<void> {
    this.#app.process.kill('SIGKILL');
    await this.#app.process.exited;
    this.#keepErrors();
  }

  #keepErrors(): void {
    const { errors } = this.#options;
    const { process } = this.#app;
    if (errors !== undefined && this.#kept !== process.pid) appendFileSync(errors, process.stderr);
    this.#kept = process.pid;
  }
}

function listens({ host, port }: { readonly host: string; readonly port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (found: boolean) => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.setTimeout(2_000, () => end(false));
  });
}

/** Starts the real drachtio-server anew, by the command that the environment names. */
export function restartServer(): void {
  const command = process.env['SILO_CONFORMANCE_RESTART'];
  if (realServer && command !== undefined) execFileSync('sh', ['-c', command], { stdio: 'ignore' });
}
