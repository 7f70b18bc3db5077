/**
 * Several processes of the application that serve as one: one start, one stop, one health, one page. This process is the first one: it
 * serves no request itself, but has the embedded front end where there is one, and sees to it that the others are there.
 */
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { addressText } from '../admin/http/address.ts';
import { HttpServer } from '../admin/http/server.ts';
import { readinessOfAll } from '../admin/health/several.ts';
import type { Readiness } from '../admin/health/readiness.ts';
import { metricsOfAll, type PlainMetrics } from '../admin/metrics/several.ts';
import type { Serving } from '../app/serving.ts';
import { SiloError, textOf } from '../base/errors.ts';
import { conceal } from '../base/secrets.ts';
import type { Config } from '../config/config.ts';
import { startFrontEnd, type FrontEnd } from '../embedded/front-end.ts';
import type { Registration } from '../sip/read/registration.ts';
import { nodeName, type Assignment } from './assignment.ts';
import type { Answers } from './line.ts';
import type { OfService } from './questions.ts';
import { Seat, type Exit } from './seat.ts';

/** Milliseconds for which a look at the health of all is good. */
const LOOK_LIFE = 250;
/** Who gives no answer within this, in ms, is not well. */
const PATIENCE = 3_500;
/** A stop is over after this, ms: a little before the first process is at the end of its patience. */
const STOP_LIMIT = 9_300;

/**
 * Starts so many processes, and resolves when all of them serve.
 *
 * @param onConnected called once the first of them is connected: from here on the service can be stopped
 * @throws SiloError when one can't start; then none is left
 */
export async function startService(
  config: Config,
  processes: number,
  onConnected: (stop: () => Promise<void>) => void,
): Promise<Serving> {
  const { listen, token } = await httpOf(config);
  const secret = randomBytes(24).toString('hex');
  const front = config.drachtio.host === '' ? await startFrontEnd({ ...config.frontEnd, secret }) : undefined;
  const drachtio = front && { host: front.adminHost, port: front.adminPort, secret };
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('./worker.js', import.meta.url)),
    args: [],
    // A number that is none survives it.
    serialization: 'advanced',
  });
  let connected: () => void = () => undefined;
  const firstConnected = new Promise<void>((resolve) => (connected = resolve));
  const answers: Omit<Answers<OfService>, 'here' | 'registered'> = {
    connected: () => {
      connected();
      return undefined;
    },
    readiness: sharedFor(LOOK_LIFE, () => readiness(seats)),
    metrics: () => metrics(seats),
  };
  const seatOf = (number: number) => {
    const assignment: Omit<Assignment, 'anew'> = {
      node: nodeName(config.silo.node, number),
      of: processes,
      drachtio,
      http: { listen, token },
    };
    const registered = (from: Seat, registrations: readonly Registration[]) => {
      for (const seat of seats)
        if (seat !== from) seat.line?.ask('registered', registrations, PATIENCE).catch(() => undefined);
    };
    return new Seat({ assignment, fork: () => cluster.fork(), answers, registered });
  };
  const seats: readonly Seat[] = Array.from({ length: processes }, (_, index) => seatOf(index + 1));
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= stopAll(seats, front));

  try {
    const [first, ...others] = seats;
    if (!first) throw new Error('a service of no processes');
    // The first one makes the tables, and says what is wrong with the configuration: once.
    const starting = first.begin();
    await Promise.race([firstConnected, starting]);
    onConnected(stop);
    const [serving] = await Promise.all([starting, ...others.map((seat) => seat.begin())]);
    return { ...serving, embedded: front !== undefined, token, processes };
  } catch (error) {
    // Who is told to stop in the middle of a start ends by that.
    if (stopping) return new Promise(() => undefined);
    for (const seat of seats) seat.kill();
    await stop().catch(() => undefined);
    throw new SiloError('SILO_CONFIG', textOf(error), { cause: error });
  }
}

/** An address that is free now, and one token for all. */
async function httpOf({ admin }: Config): Promise<Assignment['http']> {
  const token = admin.token === '' ? randomBytes(24).toString('base64url') : admin.token;
  conceal(token);
  if (admin.listen === 'off') return { listen: 'off', token };
  const server = new HttpServer(() => undefined);
  const listen = addressText(await server.open(admin.listen));
  await server.close();
  return { listen, token };
}

/** Whoever asks within so many ms shares one look: strangers may ask as often as they like. */
function sharedFor<T>(life: number, look: () => Promise<T>): () => Promise<T> {
  let shared: Promise<T> | undefined;
  let until = 0;
  return () => {
    if (shared && performance.now() < until) return shared;
    until = performance.now() + life;
    return (shared = look());
  };
}

async function readiness(seats: readonly Seat[]): Promise<Readiness> {
  const each = await ask(seats, (seat) => seat.line?.ask('readiness', undefined, PATIENCE));
  const away = seats.map(({ detail }) => detail).filter((detail) => detail !== '');
  const silent = seats.filter((seat, index) => seat.serves && each[index] === undefined);
  const missing = [...away, ...silent.map(({ name }) => `${name} gives no answer`)].join(', ');
  const some = each.filter((one) => one !== undefined);
  return readinessOfAll(some, missing === '' ? '' : `Of ${seats.length} processes: ${missing}.`);
}

async function metrics(seats: readonly Seat[]): Promise<string> {
  const each = await ask<PlainMetrics>(seats, (seat) => seat.line?.ask('metrics', undefined, PATIENCE));
  return metricsOfAll(
    each.filter((one) => one !== undefined),
    {
      wanted: seats.length,
      serving: seats.filter(({ serves }) => serves).length,
      restarts: seats.reduce((sum, { restarts }) => sum + restarts, 0),
    },
  );
}

/** Undefined in the place of who gives no answer. */
function ask<Answer>(
  seats: readonly Seat[],
  question: (seat: Seat) => Promise<Answer> | undefined,
): Promise<readonly (Answer | undefined)[]> {
  return Promise.all(
    seats.map((seat) => (question(seat) ?? Promise.resolve(undefined)).catch(() => undefined)),
  );
}

/** @throws SiloError when one of them has not ended well */
async function stopAll(seats: readonly Seat[], front: FrontEnd | undefined): Promise<void> {
  const limit = setTimeout(() => {
    for (const seat of seats) seat.kill();
  }, STOP_LIMIT);
  const exits = await Promise.all(seats.map(async (seat) => [seat.name, await seat.stop()] as const));
  clearTimeout(limit);
  await front?.close();
  const bad = exits.filter(([, { code }]) => code !== 0);
  if (bad.length > 0)
    throw new SiloError(
      'SILO_CLOSED',
      `these processes did not end by themselves: ${bad.map(([name, exit]) => `${name} (${shown(exit)})`).join(', ')}`,
    );
}

function shown({ code, signal }: Exit): string {
  return signal ?? `code ${code ?? '?'}`;
}
