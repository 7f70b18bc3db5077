/** docs/troubleshooting.md, its commands as they stand there, on an application in which something is wrong. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { Phone } from '../support/phone.ts';
import type { RunningProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { operator, pageUnderTest, type Operator } from './page-under-test.ts';
import { pages } from './pages.ts';

const PAGE = 'docs/troubleshooting.md';
const { example, left } = pageUnderTest(PAGE);
const CALL_ID = 'a84b4c76e66710@pc33.example.org';

describe(PAGE, { timeout: 120_000 }, () => {
  let at: Operator;
  let app: RunningProcess;
  let http = 0;
  let sip = 0;
  const phones: Phone[] = [];
  beforeAll(async () => {
    [sip, http] = [await freePort(), await freePort()];
    at = operator({
      SILO_STORE: 'sqlite:./silo.db',
      SILO_SIP_LISTEN: `127.0.0.1:${sip}`,
      SILO_HTTP_TOKEN: 'a-token-that-nobody-guesses',
    });
    app = await at.start('drachtio-silo start', { SILO_HTTP_LISTEN: `127.0.0.1:${http}` });
    await app.line('drachtio-silo ready', { timeoutMs: 60_000 });
    const phone = async (name: string) => {
      const made = await Phone.start(name, {
        server: { host: '127.0.0.1', port: sip },
        domain: 'example.org',
      });
      phones.push(made);
      return made;
    };
    const [alice, bob] = [await phone('alice'), await phone('bob')];
    // One that he refuses for good, once he is there, and one that waits for a device.
    expect((await alice.message('bob', 'refused')).status).toBe(202);
    bob.react = () => 603;
    await bob.register({ expires: 600 });
    await bob.received(1);
    await until(async () => (await at.run('drachtio-silo dead list')).stdout.includes('603'));
    await bob.unregister();
    bob.react = () => 200;
    expect((await alice.message('bob', 'Are you there?', { callId: CALL_ID })).status).toBe(202);
    expect((await alice.message('bob', 'now', { headers: { Expires: '0' } })).status).toBe(480);
  }, 120_000);
  afterAll(async () => {
    for (const phone of phones) phone.close();
    await app.stop();
    at.remove();
  });

  const here = (text: string) => text.replaceAll('127.0.0.1:8060', `127.0.0.1:${http}`);
  /** What the commands of an example say, each for itself. */
  async function said(words: string): Promise<readonly string[]> {
    const all: string[] = [];
    for (const line of here(example('sh', words)).trim().split('\n')) {
      const server = / (send|register|watch) /.test(line) ? ` --server 127.0.0.1:${sip}` : '';
      // Nobody is registered: the answer is no.
      all.push((await at.run(line + server, line.includes('binding list') ? 2 : 0)).stdout);
    }
    return all;
  }

  test('the application itself says how it is', async () => {
    const [doctor, ready] = await said('drachtio-silo doctor\ncurl');
    expect(doctor).toMatch(/^ok +database/m);
    expect(ready).toContain('"status":"ready"');
    const [schema, findings] = await said('doctor --json');
    expect(schema).toContain('is up to date');
    expect(JSON.parse(findings ?? '')).toBeTruthy();
  });

  test('a message that does not arrive is found, with the reason, and arrives', async () => {
    expect((await said('message show')).join()).toMatch(/^waiting: to bob@example.org/);
    const [box, bindings, dead] = await said('binding list');
    expect(box).toContain('No device is registered');
    expect(bindings).not.toContain('sip:bob@127.0.0.1');
    expect(dead).toContain('603');
    expect((await said('box requeue')).join()).toContain('1');
    const [sent, registered] = await said('send --from');
    expect(sent).toContain('202');
    expect(registered).toContain('Are you there?');
  });

  test('a lamp says why, and a phone watches it', async () => {
    const [why, lamp] = await said('mailbox show');
    const [, lit] = /^bob@example\.org: (lamp \w+)/.exec(why ?? '') ?? [];
    expect(lit).toMatch(/^lamp (on|off)$/);
    expect(lamp).toContain(lit);
  });

  test('the metrics that the page names are there', async () => {
    expect((await said('grep refused')).join()).toContain('silo_messages_refused_total{status="480"');
    const seconds = (await said('lag_p99')).join();
    const all = (
      await at.run(
        here(`curl -s -H 'Authorization: Bearer a-token-that-nobody-guesses' http://127.0.0.1:8060/metrics`),
      )
    ).stdout;
    expect(seconds).toContain('silo_accept_seconds_count');
    const page = pages().find(({ path }) => path === PAGE)?.text ?? '';
    for (const [, name = ''] of page.matchAll(/`((?:silo|nodejs|process)_[a-z0-9_]+)`/g))
      expect(all).toContain(name);
  });

  test('no example is left out', () => {
    expect(left()).toEqual([]);
  });
});
