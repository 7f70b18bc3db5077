/** Programs light lamps: a source beside those that publish by SIP. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SiloError, type LampSource } from '../../../lib/index.ts';
import { LampPhone } from '../../support/lamp-phone.ts';
import type { TestNodeOptions } from '../../support/node.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { until } from '../../support/until.ts';

let scene: Scene;
let lamps: LampPhone[];
beforeEach(() => {
  lamps = [];
});
afterEach(async () => {
  await scene.close();
  for (const lamp of lamps) lamp.close();
});

const start = async (options: TestNodeOptions = {}) => (scene = await aScene(options));
async function lampOf(name: string): Promise<LampPhone> {
  const lamp = await LampPhone.start(name, { server: scene.node.server });
  lamps.push(lamp);
  return lamp;
}
const publish = (over: Partial<LampSource> = {}) =>
  scene.node.mwi.publish({
    mailbox: 'bob@example.org',
    source: 'voicemail',
    counts: { 'Voice-Message': { new: 2, old: 1 } },
    ...over,
  });
const refusal = async (over: Partial<LampSource>): Promise<SiloError> => {
  const thrown: unknown = await publish(over).catch((error: unknown) => error);
  if (!(thrown instanceof SiloError)) throw new Error(`it was not refused: ${JSON.stringify(thrown)}`);
  return thrown;
};
/** What the lamp was told last is this. */
const shows = (lamp: LampPhone, text: string) => until(() => expect(lamp.texts.at(-1)).toBe(text));

describe('a program', () => {
  test('lights a lamp at once, changes it and puts it out', async () => {
    await start({ mwi: { notifyInterval: 0 } });
    const bob = await lampOf('bob');
    await bob.subscribe();
    expect(await publish()).toEqual({ mailbox: 'bob@example.org', source: 'voicemail', expires: 3600 });
    await shows(bob, 'Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)\r\n');
    await publish({
      counts: { 'Voice-Message': { new: 0, old: 3, urgentOld: 1 }, 'Fax-Message': { new: 0, old: 1 } },
      account: 'sip:voicemail@example.org',
    });
    await shows(
      bob,
      'Messages-Waiting: no\r\nMessage-Account: sip:voicemail@example.org\r\nVoice-Message: 0/3 (0/1)\r\nFax-Message: 0/1 (0/0)\r\n',
    );
    await publish({ counts: {}, waiting: true });
    await shows(bob, 'Messages-Waiting: yes\r\n');
    expect(await publish({ counts: null })).toMatchObject({ expires: 0 });
    await shows(bob, 'Messages-Waiting: no\r\n');
  });

  test('adds to what others say: a voicemail server by SIP, another program, the silo', async () => {
    await start({ mwi: { notifyInterval: 0 } });
    const [bob, voicemail] = [await lampOf('bob'), await lampOf('voicemail')];
    await bob.subscribe();
    await voicemail.publish('bob@example.org', 'Messages-Waiting: yes\r\nVoice-Message: 1/1\r\n');
    await publish();
    await publish({ source: 'fax', counts: { 'Fax-Message': { new: 1, old: 0 } } });
    await scene.node.silo.submit({ from: 'alice@example.org', to: 'bob@example.org', body: 'hi' });
    await shows(
      bob,
      'Messages-Waiting: yes\r\nVoice-Message: 3/2 (0/0)\r\nFax-Message: 1/0 (0/0)\r\nPager-Message: 1/0 (0/0)\r\n',
    );
    await publish({ expires: 0 });
    await shows(
      bob,
      'Messages-Waiting: yes\r\nVoice-Message: 1/1 (0/0)\r\nFax-Message: 1/0 (0/0)\r\nPager-Message: 1/0 (0/0)\r\n',
    );
  });

  test('is weighed by its name where sources are', async () => {
    await start({ mwi: { notifyInterval: 0, compose: 'priority', priority: ['voicemail'] } });
    const bob = await lampOf('bob');
    await bob.subscribe();
    await publish();
    await publish({ source: 'other', counts: { 'Voice-Message': { new: 9, old: 9 } } });
    await shows(bob, 'Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)\r\n');
  });

  test('is heard no longer than it said, and no longer than the operator lets it', async () => {
    await start({ mwi: { notifyInterval: 0, maxPublication: 7200, tailTime: 0.05 } });
    const bob = await lampOf('bob');
    await bob.subscribe();
    expect(await publish({ expires: 9999 })).toMatchObject({ expires: 7200 });
    await shows(bob, 'Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)\r\n');
    scene.time += 7201;
    const again = await lampOf('bob');
    await again.subscribe({ Expires: '0' });
    await shows(again, 'Messages-Waiting: no\r\n');
  });
});

describe('a program is refused', () => {
  test.each<[string, number, RegExp, Partial<LampSource>]>([
    ['a mailbox of elsewhere', 404, /no such mailbox here/, { mailbox: 'bob@example.com' }],
    ['one that the host app does not know', 404, /no such mailbox here/, { mailbox: 'nobody@example.org' }],
    ['too short a time', 423, /hold for 5 s; wanted are at least 60 s, or 0/, { expires: 5 }],
  ])('%s, with the status of a PUBLISH: %d', async (_, status, sentence, over) => {
    await start({
      silo: { domains: ['example.org'] },
      mwi: { domains: ['example.org'], knows: (aor) => !aor.startsWith('nobody') },
    });
    const error = await refusal(over);
    expect(error).toMatchObject({ code: 'SILO_REFUSED', status });
    expect(error.message).toMatch(sentence);
  });

  test.each<[string, RegExp, object]>([
    [
      'source',
      /^source of mwi\.publish \(found "vm@example\.org"\): wanted is a name of letters/,
      { source: 'vm@example.org' },
    ],
    [
      'counts',
      /^counts of mwi\.publish \(found undefined\): wanted is null, or an object such as/,
      { counts: undefined },
    ],
    [
      'a class',
      /counts.* of mwi\.publish .*wanted is null, or an object such as .* with Voice-Message, Fax-Message/,
      { counts: { Voice: { new: 1, old: 0 } } },
    ],
    [
      'a count',
      /^counts\.Voice-Message\.new of mwi\.publish .*: wanted is a whole number from 0/,
      { counts: { 'Voice-Message': { new: -1, old: 0 } } },
    ],
    [
      'urgent ones',
      /at most as many urgent messages as messages/,
      { counts: { 'Voice-Message': { new: 1, old: 0, urgentNew: 2 } } },
    ],
    ['account', /wanted is a URI such as/, { account: 'voicemail' }],
    ['a name', /^There is no sauce in mwi\.publish\. Did you mean source\?$/, { sauce: 'x' }],
  ])('%s that can not be read, in a sentence that says what is wanted', async (_, sentence, over) => {
    await start();
    const error = await refusal(over);
    expect(error).toMatchObject({ code: 'SILO_USAGE', status: 400 });
    expect(error.message).toMatch(sentence);
  });

  test('when one source says too much at once, with the time to wait', async () => {
    await start({ limits: { senderBurst: 3, senderRate: 1 } });
    for (let n = 0; n < 3; n++) await publish({ mailbox: `u${n}@example.org` });
    expect(await refusal({})).toMatchObject({ status: 500, retryAfter: 1 });
    expect(await publish({ source: 'other' })).toMatchObject({ expires: 3600 });
  });

  test('when the node stops', async () => {
    await start();
    await scene.node.mwi.close();
    expect(await refusal({})).toMatchObject({ code: 'SILO_CLOSED', status: 503 });
  });
});
