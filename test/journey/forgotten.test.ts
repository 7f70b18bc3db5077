/** A person who was erased is in the memory of no node any more: every string in the heap of each is looked at. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { subscriberOf } from '../../lib/auth/users/subscriber.ts';
import { openStore } from '../../lib/stores/open.ts';
import { silo } from '../cli/command.ts';
import { startApp, type RunningApp } from '../support/app.ts';
import { textsIn } from '../support/heap.ts';
import { LampPhone, voice } from '../support/lamp-phone.ts';
import { mariadbMissing } from '../support/mariadb.ts';
import { needing } from '../support/needing.ts';
import { Phone, type PhoneOptions } from '../support/phone.ts';
import { sharedMariaDb } from '../support/shared-mariadb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { LONG, until } from '../support/until.ts';

const AOR = 'robertina@example.org';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ends.pop(); end; end = ends.pop()) await end();
});

/** A node whose heap can be looked at. */
interface Seen extends RunningApp {
  readonly phone: (name: string, over?: Partial<PhoneOptions>) => Promise<Phone>;
  /** Where her name stands in its heap now. */
  readonly remembers: () => Promise<readonly string[]>;
}

async function aNode(name: string, url: string): Promise<Seen> {
  const folder = temporaryFolder(`silo-heap-${name}`);
  ends.push(() => folder.remove());
  const app = await startApp({
    NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${folder.path}`,
    SILO_NODE: name,
    SILO_STORE: url,
    SILO_DELIVER_TO: 'every',
    SILO_NOTICE_FROM: 'sip:silo@example.org',
    SILO_MWI_UNSOLICITED: 'active',
    SILO_MWI_PUBLISHERS: '127.0.0.1',
    SILO_AUTH: 'on',
    SILO_TRUST: '',
    SILO_LIVE_TIMEOUT: '1',
  });
  ends.push(() => app.process.stop());
  const phone = async (user: string, over: Partial<PhoneOptions> = {}) => {
    const started = await Phone.start(user, { server: app.server, password: `of ${user}`, ...over });
    ends.push(() => started.close());
    return started;
  };
  let taken = 0;
  const remembers = async () => {
    app.process.kill('SIGUSR2');
    taken++;
    let text = '';
    await until(() => {
      const files = readdirSync(folder.path).filter((file) => file.endsWith('.heapsnapshot'));
      expect(files).toHaveLength(taken);
      text = readFileSync(join(folder.path, files.sort().at(-1) ?? ''), 'utf8');
      // It is written bit by bit.
      expect(text.trimEnd().endsWith('}')).toBe(true);
    }, LONG);
    return textsIn(text, 'robertina');
  };
  return { ...app, phone, remembers };
}

describe('on two nodes of one MariaDB', needing(mariadbMissing()), () => {
  test('nothing of a person who was erased is in the memory of any node', { timeout: 180_000 }, async () => {
    const database = await (await sharedMariaDb()).createDatabase();
    ends.push(() => database.drop());
    const env = { SILO_STORE: database.url };
    const store = await openStore(database.url);
    for (const user of ['robertina', 'alice'])
      await store.putSubscriber(subscriberOf(`${user}@example.org`, `of ${user}`));
    await store.close();
    const nodes = await Promise.all([aNode('one', database.url), aNode('two', database.url)]);
    for (const node of nodes) {
      const alice = await node.phone('alice');
      await alice.register({ expires: 600 });
      expect((await alice.message('robertina', 'she is not there')).status).toBe(202);
      const hers = await node.phone('robertina', {
        react: ({ method }) => (method === 'MESSAGE' ? 503 : 200),
      });
      await hers.register({ expires: 600, params: `;+sip.instance="<urn:uuid:${node.server.port}>"` });
      expect([200, 202]).toContain((await hers.message('alice', 'from her')).status);
      await alice.message('robertina', 'she refuses');
      const lamp = await LampPhone.start('robertina', { server: node.server, password: 'of robertina' });
      ends.push(() => lamp.close());
      expect((await lamp.subscribe()).answer.status).toBe(200);
      expect((await lamp.publish(AOR, voice(1, 0))).status).toBe(200);
      const wrong = await node.phone('robertina', { password: 'wrong' });
      expect((await wrong.message('alice', 'by somebody else')).status).toBe(401);
      expect((await node.remembers()).length).toBeGreaterThan(0);
    }
    const { code, stdout, stderr } = await silo(['person', 'erase', AOR, '--yes'], env);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('has not answered');
    for (const node of nodes) {
      await until(async () => expect(await node.remembers()).toEqual([]), 60_000);
      // What is written for everybody names nobody.
      expect(node.process.stdout + node.process.stderr).not.toContain('robertina');
    }
  });
});
