/** Two softphones that others have written, on an application that asks nobody for a password. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../support/app.ts';
import { needing } from '../support/needing.ts';
import { Phone } from '../support/phone.ts';
import {
  linphoneIs,
  softphonesMissing,
  startBaresip,
  startLinphone,
  type Softphone,
} from '../support/softphone.ts';
import { LONG } from '../support/until.ts';

const ALICE = 'alice@example.org';
const BOB = 'bob@example.org';

describe('two softphones', needing(softphonesMissing()), () => {
  let app: RunningApp;
  const running: Softphone[] = [];
  const alices = () => keep(startLinphone({ aor: ALICE, server: app.server, peer: BOB }));
  const bobs = () => keep(startBaresip({ aor: BOB, server: app.server, peer: ALICE }));
  async function keep(starting: Promise<Softphone>): Promise<Softphone> {
    const phone = await starting;
    running.push(phone);
    return phone;
  }
  beforeAll(async () => {
    app = await startApp({ SILO_DOMAINS: 'example.org' });
  });
  afterAll(async () => {
    for (const phone of running) await phone.stop();
    await app.process.stop();
  });

  test('what Linphone writes while bob is away, baresip prints when he comes, and the other way round', async () => {
    const alice = await alices();
    await linphoneIs('Ok', alice);
    alice.type(`message sip:${BOB} Are you there?`);
    await alice.says('LinphoneChatMessageStateDelivered');
    await alice.stop();

    const bob = await bobs();
    await bob.says(`sip:${ALICE}: "Are you there?"`);
    bob.type('/message Now I am.');
    await bob.says('SIP/2.0 202');
    await bob.stop();

    const again = await alices();
    await again.says('Content: "Now I am."');
    await again.stop();
  }, 60_000);

  test("a PUBLISH turns baresip's lamp on, and another turns it off", async () => {
    const bob = await bobs();
    await expect.poll(() => bob.lamp, { timeout: LONG }).toBe('Messages-Waiting: no');
    const voicemail = await Phone.start('voicemail', { server: app.server, domain: 'example.org' });
    const publish = (body: string) =>
      voicemail.request(
        'PUBLISH',
        `sip:${BOB}`,
        BOB,
        { Event: 'message-summary', Expires: '600', 'Content-Type': 'application/simple-message-summary' },
        Buffer.from(body),
      );
    try {
      expect((await publish('Messages-Waiting: yes\r\nVoice-Message: 2/1\r\n')).status).toBe(200);
      await expect
        .poll(() => bob.lamp, { timeout: LONG })
        .toMatch(/^Messages-Waiting: yes\r?\nVoice-Message: 2\/1/);
      expect((await publish('Messages-Waiting: no\r\n')).status).toBe(200);
      await expect.poll(() => bob.lamp, { timeout: LONG }).toBe('Messages-Waiting: no');
    } finally {
      voicemail.close();
      await bob.stop();
    }
  }, 60_000);
});
