/** A real drachtio-server dies of an answer to SUBSCRIBE whose To has something behind the tag; drachtio-srf repeats To as it came. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { prepareCopied } from '../../lib/sip/drachtio/response-headers.ts';
import type { Phone } from '../support/phone.ts';
import { aScene, type Scene } from '../support/scene.ts';

describe('a To with something behind its tag', () => {
  let scene: Scene;
  let alice: Phone;
  beforeEach(async () => {
    scene = await aScene();
    alice = await scene.phone('alice');
  });
  afterEach(() => scene.close());

  const subscribe = (To: string, Event = 'message-summary') =>
    alice.request('SUBSCRIBE', `sip:${alice.aor}`, alice.aor, {
      To,
      Event,
      Contact: alice.contact,
      Expires: '60',
    });

  test.each([
    ['<sip:alice@example.org>;tag=t;x=y', 'message-summary', 481],
    ['<sip:alice@example.org>;tag=t;tag=u', 'message-summary', 481],
    ['<sip:alice@example.org>;tag=t;x=y', 'presence', 489],
    ['sip:alice@example.org;tag=t;x', 'message-summary', 481],
  ])('%s (%s) is answered with %d, and the server serves on', async (to, event, status) => {
    const answer = await subscribe(to, event);
    expect(answer.status).toBe(status);
    expect(answer.header('To')).toContain('tag=t');
    expect((await alice.message('bob', 'still there?')).status).toBe(202);
  });

  test('a To without a tag gets ours, whatever else it has, and the dialog goes on by it', async () => {
    const answer = await subscribe('"tag=x" <sip:alice@example.org>;x=y');
    expect(answer.status).toBe(200);
    const [, tag = ''] = /^"tag=x" ?<sip:alice@example.org>;x=y;tag=([^;]+)$/.exec(answer.header('To')) ?? [];
    expect(tag).not.toBe('');
    await expect.poll(() => alice.requests[0]?.header('From')).toContain(`;tag=${tag}`);
  });

  test.each(['a<b<sip:alice@example.org>', '<sip:alice@example.org> x'])(
    'a To that can not be read (%s) makes no dialog: 400',
    async (to) => expect((await subscribe(to)).status).toBe(400),
  );
});

test('To is left to drachtio-server unless our tag has to be in it', () => {
  const prepared = (to: string, tag?: string) => {
    const headers: Record<string, string> = { to, from: '<sip:a@b>;tag=1\r\n ;x=y' };
    prepareCopied(headers, { toTag: tag });
    return headers;
  };
  expect(prepared('<sip:a@b>', 'ours')).toEqual({ to: '<sip:a@b>;tag=ours', from: '<sip:a@b>;tag=1 ;x=y' });
  expect(prepared('<sip:a@b>')).not.toHaveProperty('to');
  expect(prepared('<sip:a@b>;tag=theirs;x', 'ours')).not.toHaveProperty('to');
  expect(prepared('nonsense <', 'ours')).not.toHaveProperty('to');
});
