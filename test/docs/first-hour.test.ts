/** docs/first-hour.md, from its first command to its last, with the softphones that it names; only the port is replaced. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { login, type Login } from '../support/digest-answer.ts';
import { freePort } from '../support/free-port.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import type { RunningProcess } from '../support/process.ts';
import { BOUNDED, linphoneIs, Softphone, softphonesMissing } from '../support/softphone.ts';
import type { TemporaryFolder } from '../support/temporary-folder.ts';
import { LONG } from '../support/until.ts';
import { freshClone, runExample } from './fresh-clone.ts';
import { blocks, pages } from './pages.ts';

const PAGE = 'docs/first-hour.md';
const SUMMARY = { Event: 'message-summary' };

describe('the first hour', needing(softphonesMissing()), () => {
  const used = new Set<string>();
  const phones: Phone[] = [];
  const softphones: Softphone[] = [];
  let clone: TemporaryFolder;
  let port: number;
  let app: RunningProcess | undefined;
  let bob: Softphone;
  beforeAll(async () => {
    clone = freshClone();
    port = await freePort();
  });
  afterAll(async () => {
    for (const phone of phones) phone.close();
    for (const softphone of softphones) await softphone.stop();
    await app?.stop();
    clone.remove();
  });

  /** The one example of the page that has these words. */
  function example(language: string, words: string): string {
    const [found, ...more] = blocks(language, PAGE).filter(({ text }) => text.includes(words));
    if (!found || more.length > 0) throw new Error(`not one example has "${words}"`);
    used.add(found.text);
    return found.text.replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`);
  }
  /** A line that stands in the text, as what is to be typed or seen. */
  function inText(words: string): string {
    expect(pages().find(({ path }) => path === PAGE)?.text).toContain(`\`${words}\``);
    return words;
  }
  const run = (text: string, options = {}) => runExample(text, { cwd: clone.path, ...options });
  async function softphone(text: string, quit?: string): Promise<Softphone> {
    const started = new Softphone(await run(text, BOUNDED), quit === undefined ? {} : { quit });
    softphones.push(started);
    return started;
  }
  /** A scripted phone of the domain; one without a login is a stranger. */
  async function scripted(name: string, known?: Login): Promise<Phone> {
    const phone = await Phone.start(name, {
      server: { host: '127.0.0.1', port },
      domain: 'example.org',
      ...(known && { login: known }),
    });
    phones.push(phone);
    return phone;
  }
  /** A request as the page shows it, with whatever it says of the lamp. */
  function publish(phone: Phone, body?: string) {
    const [head = '', shown = ''] = example('text', 'PUBLISH').split('\n\n');
    const [start = '', ...lines] = head.split('\n');
    const headers = lines.map((line) => line.split(/: (.*)/).slice(0, 2) as [string, string]);
    const text = (body ?? shown).replaceAll('\n', '\r\n');
    return phone.request(
      'PUBLISH',
      start.split(' ')[1] ?? '',
      'bob@example.org',
      Object.fromEntries(headers),
      Buffer.from(text),
    );
  }
  const linphone = (text: string) => softphone(text, inText('quit'));
  const lastLineOf = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

  test('users are added, with passwords on standard input', { timeout: 90_000 }, async () => {
    const secrets = ['apples', 'bananas', 'cherries'].map(inText);
    for (const [index, line] of example('sh', 'user add').trim().split('\n').entries()) {
      const adding = await run(line, { typed: true });
      adding.type(`${secrets[index] ?? ''}\n`);
      expect((await adding.exited).code, adding.stderr).toBe(0);
      // After npm's own two lines.
      const said = example('text', 'was added').replace('alice', /(\w+)@/.exec(line)?.[1] ?? '');
      expect(adding.stdout.endsWith(`\n${said}`), adding.stdout).toBe(true);
    }
  });

  test('the application starts, and asks for passwords', { timeout: 90_000 }, async () => {
    app = await run(example('sh', 'SILO_DOMAINS'), { env: { SILO_SIP_LISTEN: `127.0.0.1:${port}` } });
    await app.line('drachtio-silo ready', { timeoutMs: 60_000 });
    await app.line('  Register any SIP phone');
    expect(app.stdout).toContain('with the password of its user');
  });

  test('Linphone registers with its password', { timeout: 60_000 }, async () => {
    const alice = await linphone(example('sh', 'linphone-daemon'));
    inText('register-status ALL');
    await linphoneIs('Ok', alice);
    await alice.says(example('text', 'LinphoneRegistrationOk').trim());
  });

  test('what it writes to bob, who is away, is stored', { timeout: 60_000 }, async () => {
    const alice = softphones.at(-1);
    alice?.type(inText('message sip:bob@example.org Are you there?'));
    await alice?.says(example('text', 'StateDelivered').trim());
    await alice?.stop();
  });

  test('baresip registers with its password and prints what waited', { timeout: 60_000 }, async () => {
    bob = await softphone(example('sh', 'baresip -f bob'));
    await bob.says('baresip is ready.');
    bob.type(example('text', '/uanew').trim());
    await bob.says(example('text', 'sip:alice@example.org: ').trim());
  });

  test('what bob answers waits for alice, and Linphone prints it', { timeout: 60_000 }, async () => {
    bob.type(inText('/message Now I am.'));
    const watching = await scripted('alice', login('alice', 'apples'));
    const lamp = () =>
      watching.requests
        .filter(({ method }) => method === 'NOTIFY')
        .at(-1)
        ?.body.toString();
    const headers = { ...SUMMARY, Contact: watching.contact };
    expect((await watching.request('SUBSCRIBE', `sip:${watching.aor}`, watching.aor, headers)).status).toBe(
      200,
    );
    await expect.poll(lamp, { timeout: LONG }).toContain('Pager-Message: 1/0');
    const alice = await linphone(lastLineOf(example('sh', 'linphone-daemon')));
    await alice.says(example('text', 'Content: ').trim());
    await alice.stop();
  });

  test("the voicemail server turns bob's lamp on and off", { timeout: 60_000 }, async () => {
    const voicemail = await scripted('voicemail', login('voicemail', 'cherries'));
    expect((await publish(voicemail)).status).toBe(200);
    const shown = example('text', '-- MWI for ').trim();
    await expect.poll(() => bob.said.replaceAll('\r', ''), { timeout: LONG }).toContain(shown);
    expect(bob.lamp).toMatch(/^Messages-Waiting: yes/);
    expect((await publish(voicemail, `${inText('Messages-Waiting: no')}\n`)).status).toBe(200);
    await expect.poll(() => bob.lamp, { timeout: LONG }).toBe('Messages-Waiting: no');
  });

  test('with a wrong password neither registers, and both say so', { timeout: 60_000 }, async () => {
    bob.type(inText('/quit'));
    await bob.stop();
    const wrong = await softphone(lastLineOf(example('sh', 'baresip -f bob')));
    await wrong.says('baresip is ready.');
    wrong.type(example('text', '/uanew').trim().replace('bananas', 'sesame'));
    await wrong.says(example('text', '401 Unauthorized').trim());
    expect(wrong.said).not.toContain('200 OK');
    await wrong.stop();

    const file = example('sh', 'linphone-daemon').replace('passwd=apples', 'passwd=sesame');
    const alice = await linphone(file.replaceAll('alice/', 'wrong/').replace('/alice ', '/wrong '));
    inText('LinphoneRegistrationFailed');
    await linphoneIs('Failed', alice);
    expect(alice.said).not.toContain('LinphoneRegistrationOk');
    await alice.stop();
  });

  test('who has no password can do nothing', { timeout: 60_000 }, async () => {
    const stranger = await scripted('bob');
    const { aor, contact } = stranger;
    expect((await stranger.register({ expires: 600 })).status).toBe(401);
    expect((await stranger.message(aor, 'It is me.')).status).toBe(401);
    const headers = { ...SUMMARY, Contact: contact };
    expect((await stranger.request('SUBSCRIBE', `sip:${aor}`, aor, headers)).status).toBe(401);
    expect((await publish(stranger)).status).toBe(401);
    expect(stranger.requests).toEqual([]);
  });

  test('no example of the page was left out', () => {
    const all = ['sh', 'text', 'ts', 'json', 'sql'].flatMap((language) => blocks(language, PAGE));
    expect(all.map(({ text }) => text).filter((text) => !used.has(text))).toEqual([]);
  });
});
