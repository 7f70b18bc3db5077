/** SILO_WORKERS: several processes start, serve, are watched and stop as one. */
import { afterEach, describe, expect, test } from 'vitest';
import { launchApp } from '../support/app.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import type { Phone } from '../support/phone.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { until } from '../support/until.ts';
import { lives, Service } from './service.ts';

let service: Service | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

describe('several processes', { timeout: 60_000, ...needing(mariadbMissing()) }, () => {
  test('say in one line that they are ready, are two nodes of one database, and stop as one', async () => {
    service = await Service.start();
    const { app } = service;
    expect(app.process.stdout.match(/^drachtio-silo ready: .*$/gm)).toEqual([
      expect.stringMatching(/udp\/127\.0\.0\.1:\d+.*; store mysql:.*; 2 processes$/),
    ]);
    const nodes = await service.store.nodes();
    expect(nodes.map(({ node, stopped }) => [node, stopped])).toEqual([
      ['host#1', 0],
      ['host#2', 0],
    ]);
    const pids = [await service.pid(1), await service.pid(2)];
    expect(new Set([...pids, app.process.pid]).size).toBe(3);
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    expect(pids.filter(lives)).toEqual([]);
    for (const { stopped } of await service.store.nodes()) expect(stopped).toBeGreaterThan(0);
    expect(app.process.stderr).toBe('');
  });

  test('share the requests, and their counts are summed', async () => {
    service = await Service.start();
    const alice = await service.phone('alice');
    for (let n = 0; n < 10; n++) expect((await alice.message('bob', `${n}`)).status).toBe(202);
    const metrics = await service.metrics();
    expect(metrics.get('silo_messages_accepted_total')).toBe(10);
    // Counted by each of them in the database, and not summed.
    await until(async () => (await service!.metrics()).get('silo_messages_waiting') === 10);
    expect(metrics.get('silo_ready')).toBe(1);
    expect(metrics.get('silo_processes{state="wanted"}')).toBe(2);
    expect(metrics.get('silo_processes{state="serving"}')).toBe(2);
    expect(metrics.get('silo_process_restarts_total')).toBe(0);
    await service.signal(1, 'SIGKILL');
    await service.whole();
    // What is left of the count is what the other one has taken: drachtio-server deals in turn.
    expect((await service.metrics()).get('silo_messages_accepted_total')).toBe(5);
    expect((await service.metrics()).get('silo_process_restarts_total')).toBe(1);
  });

  test('one that is killed is started again under its name; meanwhile the service is ready, and says what is missing', async () => {
    service = await Service.start();
    const before = { pid: await service.pid(2), run: (await service.row(2))!.run };
    expect(await service.health()).toEqual({ status: 200, ready: true, processes: '' });
    await service.signal(2, 'SIGKILL');
    await until(async () => (await service!.health()).processes.startsWith('Of 2 processes: host#2 '));
    expect(await service.health()).toMatchObject({ status: 200, ready: true });
    await service.whole();
    await until(async () => (await service!.row(2))!.run !== before.run);
    expect(await service.pid(2)).not.toBe(before.pid);
    expect(service.app.process.stderr).toContain(
      'the process host#2 ended (SIGKILL) and is started again in 250 ms',
    );
    expect(service.app.process.stderr).toContain('the process host#2 serves again');
    expect(await service.stop()).toEqual({ code: 0, signal: null });
  });

  test('in quarantine by SILO_QUARANTINE begin no other one when it was ended and one of them is started again', async () => {
    service = await Service.start({ SILO_QUARANTINE: 'yes' });
    expect(await service.store.quarantine()).toBeGreaterThan(0);
    expect(await service.store.endQuarantine()).toBe(true);
    await service.signal(2, 'SIGKILL');
    await until(() => service!.app.process.stderr.includes('the process host#2 serves again'), 30_000);
    expect(await service.store.quarantine()).toBe(0);
  });

  test('one that hangs is killed and started again', async () => {
    service = await Service.start();
    await service.signal(1, 'SIGSTOP');
    await until(() => service!.app.process.stderr.includes('the process host#1 serves again'), 45_000);
    expect(service.app.process.stderr).toContain(
      'the process host#1 has given no sign for 15 s and is killed',
    );
    await service.whole();
  });

  test('when the first process is killed, none of the others is left', async () => {
    service = await Service.start();
    const pids = [await service.pid(1), await service.pid(2)];
    service.app.process.kill('SIGKILL');
    await service.app.process.exited;
    await until(() => !pids.some(lives));
  });

  test('SIGTERM while messages are in flight: their answers are waited for, nothing is sent twice', async () => {
    service = await Service.start();
    const alice = await service.phone('alice');
    const phones: Phone[] = [];
    const answers: ((status: number) => void)[] = [];
    for (let n = 0; n < 6; n++) {
      const phone = await service.phone(`bob${n}`);
      phone.react = ({ method }) =>
        method === 'MESSAGE' ? new Promise((resolve) => answers.push(resolve)) : 200;
      phones.push(phone);
      await alice.message(phone.name, 'one');
      await alice.message(phone.name, 'two');
    }
    await Promise.all(phones.map((phone) => phone.register({ expires: 600 })));
    await until(() => answers.length === 6);
    service.app.process.kill('SIGTERM');
    await until(async () => expect((await alice.register({ contact: '' })).status).toBe(503));
    for (const answer of answers) answer(200);
    expect(await service.app.process.exited).toEqual({ code: 0, signal: null });
    expect(phones.map(({ texts }) => texts)).toEqual(phones.map(() => ['one']));
    expect(await service.store.ledger()).toMatchObject({ waiting: 6, delivered: 6 });
  });

  test('SIGTERM to one of them alone ends that one gracefully, and another takes its place', async () => {
    service = await Service.start();
    const before = await service.pid(1);
    await service.signal(1, 'SIGTERM');
    await until(async () => (await service!.pid(1)) !== before);
    await service.whole();
    expect(service.app.process.stderr).toContain('the process host#1 ended (code 0) and is started again');
  });

  test('without a token of its own the page is asked with the one that is printed, at whichever process', async () => {
    service = await Service.start({ SILO_HTTP_TOKEN: '' });
    const line = await service.app.process.line('  Page, metrics and API: ');
    const token = /#token=(\S+)$/.exec(line)?.[1] ?? '';
    for (let n = 0; n < 6; n++) expect((await service.get('api/health', token)).status).toBe(200);
    expect((await service.get('api/health', 'a-token-of-another-run')).status).toBe(401);
  });
});

describe('several processes do not start', () => {
  const refused = async (env: Readonly<Record<string, string>>) => {
    const app = await launchApp({ SILO_WORKERS: '2', SILO_SIP_LISTEN: '127.0.0.1:0', ...env });
    expect(await app.exited).toMatchObject({ code: 1 });
    return app.stderr;
  };

  test.each(['sqlite::memory:', 'sqlite:./silo.db'])(
    'on %s: only one process may write to it',
    async (store) => {
      expect(await refused({ SILO_STORE: store })).toMatch(
        /can't start: Option SILO_WORKERS \(found 2\): an SQLite file is for one process.*; wanted is a MySQL or MariaDB database/,
      );
    },
  );

  test('with a database that is not there, and say so once', async () => {
    const said = await refused({ SILO_STORE: 'mysql://nobody:x@127.0.0.1:1/none' });
    expect(said.match(/can't start: .*127\.0\.0\.1:1/g)).toHaveLength(1);
  });

  test('on a port that is taken, and leave nobody behind', needing(mariadbMissing()), async () => {
    const database = await (await sharedMariaDb()).createDatabase();
    const taken = await launchApp({ SILO_STORE: 'sqlite::memory:', SILO_SIP_LISTEN: '127.0.0.1:0' });
    const [, port] = /udp\/127\.0\.0\.1:(\d+)/.exec(await taken.line('drachtio-silo ready')) ?? [];
    expect(await refused({ SILO_STORE: database.url, SILO_SIP_LISTEN: `127.0.0.1:${port ?? ''}` })).toContain(
      `:${port ?? ''}`,
    );
    await taken.stop();
    await database.drop();
  });
});

test('`auto` on SQLite is one process', async () => {
  const app = await launchApp({
    SILO_WORKERS: 'auto',
    SILO_STORE: 'sqlite::memory:',
    SILO_SIP_LISTEN: '127.0.0.1:0',
  });
  expect(await app.line('drachtio-silo ready')).not.toContain('processes');
  expect(await app.stop()).toMatchObject({ code: 0 });
});
