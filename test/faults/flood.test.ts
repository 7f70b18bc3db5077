/**
 * Somebody sends 2,000 requests a second, of each kind, from one address and from many, under one name and under many, while
 * two hundred people go on writing and registering. They lose nothing: each request of theirs is served, at the latest when it
 * is repeated, as phones do it: after the time that a 503 names, and when nothing came within Timer F. The figures are printed
 * with FAULT_FIGURES, and not asserted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { Flooder, type Flood } from '../support/load/flooder.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import type { Sip } from '../support/sip/message.ts';

const PER_SECOND = 2_000;
const FLOOD_MS = Number(process.env['FLOOD_MS'] ?? 1_000);
const HONEST = 200;
/** Between two requests of one person, ms. */
const PAUSE = 2_000;
/** Timer F of a phone, ms (RFC 3261 17.1.2.2). */
const PATIENCE = 32_000;
/** So often a phone tries: what the machine is too slow for in the flood is served behind it. */
const TRIES = 5;

let app: RunningApp;
const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) one.close();
  await app.process.stop();
});

const own = (name: string) => () => `${name}@example.org`;
const many = (name: string) => (nth: number) => `${name}${nth}@example.org`;
const KINDS: readonly (readonly [string, Flood['method'], Flood['to']])[] = [
  ['REGISTER', 'REGISTER', own('registrar')],
  ['MESSAGE to one', 'MESSAGE', own('target')],
  ['MESSAGE to many', 'MESSAGE', many('target')],
  ['SUBSCRIBE', 'SUBSCRIBE', many('watched')],
  ['PUBLISH', 'PUBLISH', many('published')],
  ['OPTIONS', 'OPTIONS', own('nobody')],
];

/** One of those who ask what people ask, and count what became of it. */
class Honest {
  readonly lost: string[] = [];
  readonly waits: number[] = [];
  later = 0;
  unanswered = 0;
  stopped = false;
  readonly #phone: Phone;

  constructor(phone: Phone) {
    this.#phone = phone;
    phone.patience = PATIENCE;
  }

  async run(index: number): Promise<void> {
    await sleep((index / HONEST) * PAUSE);
    for (let nth = 0; !this.stopped; nth++) {
      // Every fifth message is for the box that is flooded.
      const to = nth % 5 === 0 ? 'target' : `friend${index}`;
      if (nth % 3 === 2) await this.#served(() => this.#phone.register({ expires: 600 }), 200);
      else await this.#served(() => this.#phone.message(to, `message ${nth}`), 202);
      await sleep(PAUSE);
    }
  }

  async #served(ask: () => Promise<Sip>, wanted: number): Promise<void> {
    const begun = performance.now();
    for (let tries = 1; ; tries++) {
      const answer = await ask().catch(() => undefined);
      if (tries < TRIES && answer === undefined) {
        this.unanswered++;
        continue;
      }
      if (tries < TRIES && answer?.status === 503) {
        this.later++;
        await sleep(Number(answer.header('Retry-After')) * 1_000);
        continue;
      }
      if (answer?.status !== wanted) this.lost.push(answer?.start ?? 'no answer');
      this.waits.push(performance.now() - begun);
      return;
    }
  }
}

async function endure(store: string): Promise<void> {
  app = await startApp({ SILO_STORE: store, SILO_MAX_MESSAGES: '5000', SILO_DOMAIN_MAX_MESSAGES: '1000000' });
  const { server } = app;
  const honest = await Promise.all(
    Array.from({ length: HONEST }, async (_, index) => {
      const phone = await Phone.start(`honest${index}`, {
        server,
        host: `127.0.2.${index + 1}`,
        keeps: false,
      });
      opened.push(phone);
      return new Honest(phone);
    }),
  );
  const running = honest.map((one, index) => one.run(index));
  const floods: (readonly [string, Flooder])[] = [];
  for (const [name, method, to] of KINDS)
    for (const sources of [1, 250])
      for (const from of [own('mallory'), many('mallory')]) {
        const flooder = await Flooder.start(
          server,
          Array.from({ length: sources }, (_, index) => `127.0.3.${index + 1}`),
        );
        opened.push(flooder);
        await flooder.flood({ method, to, from }, PER_SECOND, FLOOD_MS);
        floods.push([`${name}, ${sources} sources, ${from(1)}`, flooder]);
      }
  for (const one of honest) one.stopped = true;
  await Promise.all(running);
  const waits = honest.flatMap((one) => one.waits).sort((a, b) => a - b);
  const at = (part: number) => Math.round(waits[Math.floor((waits.length - 1) * part)] ?? 0);
  const sum = (of: (one: Honest) => number) => honest.reduce((all, one) => all + of(one), 0);
  const [later, unanswered] = [sum((one) => one.later), sum((one) => one.unanswered)];
  const figures = floods.map(([what, { sent, answers }]) => {
    const counts = [...answers].map(([status, count]) => `${status}: ${count}`);
    return `${what}: ${sent} sent; ${counts.join(', ')}`;
  });
  figures.push(
    `honest: ${waits.length} served, ${later} asked to come again, ${unanswered} had no answer at first; ms: half ${at(0.5)}, 99 % ${at(0.99)}, all ${at(1)}`,
  );
  if (process.env['FAULT_FIGURES'] !== undefined) process.stderr.write(`${figures.join('\n')}\n`);
  expect(waits.length).toBeGreaterThan(HONEST);
  expect(honest.flatMap((one) => one.lost)).toEqual([]);
}

describe('whatever a flooder sends, two hundred others lose nothing', () => {
  test('on SQLite', { timeout: 400_000 }, () => endure('sqlite::memory:'));

  describe('on MariaDB', needing(mariadbMissing()), () => {
    test('all the same', { timeout: 400_000 }, async () => {
      const database = await (await sharedMariaDb()).createDatabase();
      await endure(database.url);
      await database.drop();
    });
  });
});
