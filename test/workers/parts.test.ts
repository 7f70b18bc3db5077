/** What a service of several processes is made of. */
import { Registry, Gauge, Counter } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { readinessOfAll } from '../../lib/admin/health/several.ts';
import type { Readiness } from '../../lib/admin/health/readiness.ts';
import { metricsOfAll } from '../../lib/admin/metrics/several.ts';
import { readConfig } from '../../lib/config/config.ts';
import { assigned, nodeName } from '../../lib/workers/assignment.ts';
import { processesOf } from '../../lib/workers/count.ts';
import { Line } from '../../lib/workers/line.ts';
import { shareOf } from '../../lib/workers/share.ts';

const MYSQL = 'mysql://silo:secret@127.0.0.1/silo';
const config = (env: Readonly<Record<string, string>> = {}) => readConfig({ SILO_STORE: MYSQL, ...env });

describe('how many processes there are', () => {
  test('is one without a word, the number, or with `auto` one per processor', () => {
    expect(processesOf(config())).toBe(1);
    expect(processesOf(config({ SILO_WORKERS: '3' }))).toBe(3);
    expect(processesOf(config({ SILO_WORKERS: 'auto' }), 12)).toBe(12);
    expect(processesOf(config({ SILO_WORKERS: 'auto' }), 1_000)).toBe(64);
  });

  test('is one on SQLite, and a larger number is refused there', () => {
    const SILO_STORE = 'sqlite:./silo.db';
    expect(processesOf(config({ SILO_WORKERS: 'auto', SILO_STORE }), 12)).toBe(1);
    expect(processesOf(config({ SILO_WORKERS: '1', SILO_STORE }))).toBe(1);
    expect(() => processesOf(config({ SILO_WORKERS: '2', SILO_STORE }))).toThrow('SILO_WORKERS=1');
  });

  test.each(['0', '65', '2.5', 'many', '', '-1'])('is not %o', (workers) => {
    expect(() => config({ SILO_WORKERS: workers })).toThrow('wanted is auto, or a whole number from 1 to 64');
  });
});

describe('the share of a process', () => {
  test('is its part of what the service may do; without a limit there is none, and nobody has nothing', () => {
    const all = config({ SILO_SEND_RATE: '100', SILO_HOP_RATE: '0', SILO_HOP_IN_FLIGHT: '1' });
    const { silo, limits, drachtio } = shareOf(all, 4);
    expect(silo).toMatchObject({ sendRate: 25, hopRate: 0, hopInFlight: 1, maxLanes: 125 });
    expect(limits).toMatchObject({ sourceRate: 75, sourceBurst: 750, pairRate: 5, domainRate: 0 });
    expect(drachtio.maxUnanswered).toBe(16);
    expect(limits.senderRecipients).toBe(all.limits.senderRecipients);
    expect(silo.maxMessages).toBe(all.silo.maxMessages);
  });

  test('comes with a name of its own, and the drachtio-server and address that all have', () => {
    const drachtio = { host: '127.0.0.1', port: 4711, secret: 'made' };
    const http = { listen: '127.0.0.1:8060', token: 'a-token-of-all-processes' };
    const node = nodeName('host', 2);
    const its = assigned(config(), { node, of: 2, drachtio, http, anew: false });
    expect([its.silo.node, its.mwi.node, its.node.node]).toEqual(['host#2', 'host#2', 'host#2']);
    expect(its.drachtio).toMatchObject(drachtio);
    expect(its.admin).toMatchObject(http);
    expect(
      assigned(config({ DRACHTIO_HOST: 'h' }), { node, of: 2, drachtio: undefined, http, anew: false })
        .drachtio.host,
    ).toBe('h');
  });
});

describe('a quarantine', () => {
  test('is begun by a process at the start of the service, and not by one that takes the place of a dead one', () => {
    const begins = (anew: boolean) => {
      const http = { listen: 'off', token: 'a-token-of-all-processes' };
      const its = { node: nodeName('host', 2), of: 2, drachtio: undefined, http, anew };
      return assigned(config({ SILO_QUARANTINE: 'yes' }), its).silo.quarantine;
    };
    expect([begins(false), begins(true)]).toEqual([true, false]);
  });
});

describe('how all of them are', () => {
  const check = (detail = '') => ({ ok: detail === '', detail });
  const well: Readiness = {
    ready: true,
    why: '',
    checks: {
      phase: check(),
      database: check(),
      drachtio: check(),
      load: check(),
      durability: check(),
      quarantine: check(),
    },
  };
  const ill: Readiness = {
    ready: false,
    why: 'It is starting.',
    checks: { ...well.checks, phase: check('It is starting.') },
  };

  test('is ready and well when all are', () => {
    expect(readinessOfAll([well, well], '')).toEqual({
      ...well,
      checks: { ...well.checks, processes: check() },
    });
  });

  test('is ready while one of them is, and says what is wrong with the others', () => {
    const { ready, why, checks } = readinessOfAll([ill, well], 'Of 3 processes: c is starting.');
    expect([ready, why]).toEqual([true, '']);
    expect(checks.phase).toEqual(check('It is starting.'));
    expect(checks.database.ok).toBe(true);
    expect(checks.processes).toEqual(check('Of 3 processes: c is starting.'));
  });

  test('is not ready when none is, or none is there', () => {
    expect(readinessOfAll([ill, ill], '')).toMatchObject({ ready: false, why: 'It is starting.' });
    const nobody = readinessOfAll([], 'Of 2 processes: a gives no answer, b gives no answer.');
    expect(nobody).toMatchObject({
      ready: false,
      why: 'Of 2 processes: a gives no answer, b gives no answer.',
    });
    expect(nobody.checks.database.ok).toBe(false);
  });
});

test('metrics add up, but what is the same for all is said once, and what must hold for all is the least', async () => {
  const one = async (count: number, waiting: number, ok: number) => {
    const registers = [new Registry()];
    new Counter({ name: 'a_total', help: 'a', registers }).inc(count);
    new Gauge({ name: 'waiting', help: 'w', aggregator: 'max', registers }).set(waiting);
    new Gauge({ name: 'ok', help: 'o', aggregator: 'min', labelNames: ['check'], registers }).set(
      { check: 'x' },
      ok,
    );
    new Gauge({ name: 'lag', help: 'l', registers }).set(NaN);
    return registers[0]!.getMetricsAsJSON();
  };
  const each = await Promise.all([one(3, 10, 1), one(4, 9, 0)]);
  const text = await metricsOfAll(each, { wanted: 3, serving: 2, restarts: 5 });
  for (const line of [
    'a_total 7',
    'waiting 10',
    'ok{check="x"} 0',
    'lag Nan',
    'silo_check_ok{check="processes"} 0',
    'silo_processes{state="wanted"} 3',
    'silo_processes{state="serving"} 2',
    'silo_process_restarts_total 5',
  ])
    expect(text.split('\n')).toContain(line);
});

describe('a line between two processes', () => {
  interface Asked {
    readonly double: readonly [number, number];
    readonly never: readonly [undefined, undefined];
    readonly fails: readonly [undefined, undefined];
  }
  function pair() {
    const there = new Line<Asked, object>((message) => here.receive(message), {
      double: (n) => 2 * n,
      never: () => new Promise<undefined>(() => undefined),
      fails: () => Promise.reject(new Error('a sentence')),
    });
    const here: Line<object, Asked> = new Line<object, Asked>((message) => there.receive(message), {});
    return here;
  }

  test('carries questions to their answers, and refusals as sentences', async () => {
    const line = pair();
    expect(await Promise.all([line.ask('double', 1), line.ask('double', 2)])).toEqual([2, 4]);
    await expect(line.ask('fails', undefined)).rejects.toThrow('a sentence');
  });

  test('waits as long as it is told, and no longer than the other one lives', async () => {
    const line = pair();
    await expect(line.ask('never', undefined, 20)).rejects.toThrow('no answer within 20 ms');
    const asked = line.ask('never', undefined);
    line.close();
    await expect(asked).rejects.toThrow('the process has gone');
    await expect(line.ask('double', 1)).rejects.toThrow('the process has gone');
  });
});
