/** Programs send and light lamps on every store, on several nodes, and when they are killed in the middle of it. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Submission, Submitted } from '../../lib/index.ts';
import { freePort } from '../support/free-port.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { startNode, type TestNode } from '../support/node.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import { startProcess, type RunningProcess } from '../support/process.ts';
import { nothingMore } from '../support/sentinel.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import type { Address } from '../support/sip/message.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { transpiled } from '../support/transpiled.ts';
import { LONG, turns, until } from '../support/until.ts';

const SQLITE = async () => {
  const folder = temporaryFolder('silo-programs');
  return Promise.resolve({
    url: `sqlite:${join(folder.path, 'silo.db')}`,
    remove: () => {
      folder.remove();
      return Promise.resolve();
    },
  });
};
const MARIADB = async () => {
  const database = await (await sharedMariaDb()).createDatabase();
  return { url: database.url, remove: () => database.drop() };
};

let phones: Phone[];
beforeEach(() => {
  phones = [];
});
afterEach(() => {
  for (const phone of phones) phone.close();
});
async function phoneAt(server: Address, name: string, options: Partial<PhoneOptions> = {}): Promise<Phone> {
  const phone = await Phone.start(name, { server, ...options });
  phones.push(phone);
  return phone;
}

/** A program that can be killed and comes back. */
class Program {
  readonly server: Address;
  readonly #env: Readonly<Record<string, string>>;
  #running: RunningProcess | undefined;
  #n = 0;

  constructor(port: number, store: string) {
    this.server = { host: '127.0.0.1', port };
    this.#env = {
      SILO_STORE: store,
      SILO_SIP_LISTEN: `127.0.0.1:${port}`,
      SILO_LIVE_TIMEOUT: '1000',
      DRACHTIO_HOST: '',
    };
  }

  async start(): Promise<void> {
    const file = await transpiled(new URL('../support/program.ts', import.meta.url));
    this.#running = await startProcess(process.execPath, [file.pathname], { env: this.#env, typed: true });
    await this.#running.line('ready', { timeoutMs: 2 * LONG });
  }

  async kill(): Promise<void> {
    this.#running?.kill('SIGKILL');
    await this.#running?.exited;
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
  }

  /** Resolves with the answer, or never when it is killed before. */
  async tell(submit: Submission): Promise<Submitted> {
    const n = ++this.#n;
    this.#running?.type(`${JSON.stringify({ n, submit })}\n`);
    const line = await this.#running?.line(`answer ${n} `, { timeoutMs: 2 * LONG });
    return JSON.parse((line ?? '').replace(/^answer \d+ /, '')) as Submitted;
  }
}

const texts = (phone: Phone) => [...new Set(phone.messages.map((message) => message.header('Call-ID')))];

for (const [name, open, missing] of [
  ['SQLite', SQLITE, undefined],
  ['MariaDB', MARIADB, mariadbMissing()],
] as const)
  describe(`programs on ${name}`, needing(missing), () => {
    let store: Awaited<ReturnType<typeof open>>;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store.remove());

    test(
      'one that is killed with -9 and asks again has sent each message once',
      { timeout: 8 * LONG },
      async () => {
        const program = new Program(await freePort(), store.url);
        await program.start();
        try {
          const here = await phoneAt(program.server, 'here');
          await here.register();
          const rounds = 8;
          for (let round = 0; round < rounds; round++) {
            const both = ['here', 'away'].map((user) => ({
              from: 'shop@example.org',
              to: `${user}@example.org`,
              body: `order ${round}`,
              idempotencyKey: `${user} ${round}`,
            }));
            // What it would have said is never heard.
            for (const one of both) void program.tell(one).catch(() => undefined);
            const arrived = here.messages.length;
            // Killed the moment at which the message is on the wire, or somewhere before and behind the commit.
            if (round % 2 === 0)
              await here.until(
                () => here.messages.length > arrived,
                () => 'nothing came',
              );
            else await turns(round * 20);
            await program.kill();
            await program.start();
            for (const one of both) {
              const answer = await program.tell(one);
              expect(['stored', 'delivered']).toContain(answer.outcome);
              expect(await program.tell(one), 'the same answer').toEqual({ ...answer, repeated: true });
            }
          }
          const away = await phoneAt(program.server, 'away');
          await away.register();
          await away.received(rounds);
          await until(() => expect(texts(here)).toHaveLength(rounds));
          for (const phone of [here, away]) {
            await nothingMore(phone);
            // One that was in flight when the program died may come twice, and then with its own Call-ID.
            expect(texts(phone)).toHaveLength(rounds);
            expect(new Set(phone.texts).size).toBe(rounds);
          }
          expect(away.messages, 'what waited was in the store').toHaveLength(rounds);
        } finally {
          await program.stop();
        }
      },
    );

    describe('on two nodes', () => {
      let nodes: readonly TestNode[];
      beforeEach(async () => {
        const silo = { tailTime: 0.1, liveTimeout: 300 };
        const node = (node: string) =>
          startNode({ storeUrl: store.url, front: {}, silo: { ...silo, node }, mwi: { node } });
        nodes = [await node('a'), await node('b')];
      });
      afterEach(async () => {
        for (const node of nodes) await node.close();
      });

      test('the same message asked for at both is sent once, and both have one answer in the end', async () => {
        const [one, two] = nodes as readonly [TestNode, TestNode];
        const bob = await phoneAt(two.server, 'bob');
        await bob.register();
        const ask = async ({ silo }: TestNode) => {
          const submission = { from: 'a@example.org', to: bob.aor, body: 'once', idempotencyKey: 'k' };
          let answer: Submitted | undefined;
          await until(async () => (answer = await silo.submit(submission)));
          return answer;
        };
        const answers = await Promise.all([one, two, one, two].map(ask));
        expect(answers.filter((answer) => answer?.repeated === false)).toHaveLength(1);
        expect(new Set(answers.map((answer) => `${answer?.outcome} ${answer?.key} ${answer?.id}`)).size).toBe(
          1,
        );
        await bob.received(1);
        await nothingMore(bob);
        expect(bob.messages).toHaveLength(1);
      });

      test('what a program leaves at one is delivered by the other, behind what a phone left before', async () => {
        const [one, two] = nodes as readonly [TestNode, TestNode];
        const alice = await phoneAt(two.server, 'alice');
        expect((await alice.message('bob', 'phone')).status).toBe(202);
        await one.silo.submit({ from: 'a@example.org', to: 'bob@example.org', body: 'program' });
        const bob = await phoneAt(two.server, 'bob');
        await bob.register();
        await bob.received(2);
        expect(bob.texts).toEqual(['phone', 'program']);
      });
    });
  });
