/** Programs send and light lamps on every store, on several nodes, and when they are killed in the middle of it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LampSource, Submission, Submitted } from '../../lib/index.ts';
import { freePort } from '../support/free-port.ts';
import { LampPhone } from '../support/lamp-phone.ts';
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
let program: URL;
beforeAll(async () => {
  program = await transpiled(new URL('../support/program.ts', import.meta.url));
}, 8 * LONG);
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
    this.#running = await startProcess(process.execPath, [fileURLToPath(program)], {
      env: this.#env,
      typed: true,
    });
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
    return JSON.parse(await this.#told({ submit })) as Submitted;
  }

  async publish(publish: LampSource): Promise<string> {
    return this.#told({ publish });
  }

  async #told(what: object): Promise<string> {
    const n = ++this.#n;
    this.#running?.type(`${JSON.stringify({ n, ...what })}\n`);
    const line = await this.#running?.line(`answer ${n} `, { timeoutMs: 2 * LONG });
    return (line ?? '').replace(/^answer \d+ /, '');
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
        const running = new Program(await freePort(), store.url);
        await running.start();
        try {
          const here = await phoneAt(running.server, 'here');
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
            for (const one of both) void running.tell(one).catch(() => undefined);
            const arrived = here.messages.length;
            // Killed the moment at which the message is on the wire, or somewhere before and behind the commit.
            if (round % 2 === 0)
              await here.until(
                () => here.messages.length > arrived,
                () => 'nothing came',
              );
            else await turns(round * 20);
            await running.kill();
            await running.start();
            for (const one of both) {
              const answer = await running.tell(one);
              expect(['stored', 'delivered']).toContain(answer.outcome);
              expect(await running.tell(one), 'the same answer').toEqual({ ...answer, repeated: true });
            }
          }
          const away = await phoneAt(running.server, 'away');
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
          await running.stop();
        }
      },
    );

    test('a lamp that a program has lit is lit after kill -9', { timeout: 4 * LONG }, async () => {
      const running = new Program(await freePort(), store.url);
      await running.start();
      try {
        const said = {
          mailbox: 'bob@example.org',
          source: 'vm',
          counts: { 'Voice-Message': { new: 1, old: 0 } },
        };
        expect(await running.publish(said)).toContain('"expires":3600');
        await running.kill();
        await running.start();
        const lamp = await LampPhone.start('bob', { server: running.server });
        phones.push(lamp.phone);
        await lamp.subscribe();
        await lamp.sees(({ text }) => text === 'Messages-Waiting: yes\r\nVoice-Message: 1/0 (0/0)\r\n');
      } finally {
        await running.stop();
      }
    });

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

      test('a lamp that a program lights at one is lit by the other, and put out by a third word at either', async () => {
        const [one, two] = nodes as readonly [TestNode, TestNode];
        const lamp = await LampPhone.start('bob', { server: two.server });
        phones.push(lamp.phone);
        await lamp.subscribe();
        const source = { mailbox: 'bob@example.org', source: 'vm' };
        await one.mwi.publish({ ...source, counts: { 'Voice-Message': { new: 1, old: 0 } } });
        await lamp.sees(({ text }) => text.includes('Voice-Message: 1/0'));
        await two.mwi.publish({ ...source, counts: { 'Voice-Message': { new: 2, old: 0 } } });
        await lamp.sees(({ text }) => text.includes('Voice-Message: 2/0'));
        await one.mwi.publish({ ...source, counts: null });
        await until(() => expect(lamp.texts.at(-1)).toBe('Messages-Waiting: no\r\n'));
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
