/** The API: a program and an operator do by HTTP what code can do, and are told the same. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { onLog } from '../../lib/base/log.ts';
import { tagOf } from '../../lib/base/sha256.ts';
import { LampPhone } from '../support/lamp-phone.ts';
import { aScene, type Scene } from '../support/scene.ts';
import { until } from '../support/until.ts';

const BOB = 'bob@example.org';
let scene: Scene;
let logged: string[];
let stopLog: () => void;
beforeEach(async () => {
  logged = [];
  stopLog = onLog((level, room, text) => level !== 'debug' && logged.push(`${room} ${text}`));
  scene = await aScene({ silo: { tailTime: 0.05, checkTime: 0.05, sendAtHeader: 'X-Send-At' } });
});
afterEach(async () => {
  stopLog();
  await scene.close();
});

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const { admin } = scene.node;
  const answer = await admin.fetch(
    new Request(`http://localhost/api${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${admin.token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
  );
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

const box = (aor: string) => `/boxes/${encodeURIComponent(aor)}`;

describe('messages', () => {
  test('a program sends, is known again by its key, and the recipient gets it once', async () => {
    const message = { from: 'shop@example.org', to: BOB, body: 'Your parcel is here.' };
    const key = { 'Idempotency-Key': 'order-7' };
    const first = await ask('POST', '/messages', message, key);
    expect(first).toMatchObject({ status: 200, body: { outcome: 'stored', repeated: false, box: BOB } });
    const again = await ask('POST', '/messages', message, key);
    expect(again.body).toEqual({ ...first.body, repeated: true });
    expect(await ask('POST', '/messages', { ...message, body: 'another' }, key)).toMatchObject({
      status: 409,
      body: { code: 'SILO_CONFLICT' },
    });
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    await bob.received(1);
    expect(bob.texts).toEqual(['Your parcel is here.']);
    expect(bob.messages[0]?.header('From')).toContain('shop@example.org');
  });

  test('bytes come as base64; what is no text is refused as by SIP, with its status', async () => {
    const bytes = { base64: Buffer.from([0xff, 0xfe]).toString('base64') };
    expect(await ask('POST', '/messages', { from: 'a@example.org', to: BOB, body: bytes })).toMatchObject({
      status: expect.any(Number) as number,
      body: { title: expect.any(String) as string, sipStatus: expect.any(Number) as number },
    });
    const text = { base64: Buffer.from('grüße').toString('base64') };
    expect((await ask('POST', '/messages', { from: 'a@example.org', to: BOB, body: text })).status).toBe(200);
    expect(await scene.texts('bob')).toEqual(['grüße']);
  });

  test('what can not be read is refused with what is wrong where', async () => {
    expect(await ask('POST', '/messages', { from: 'a@example.org', subject: 'x' })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'body.to' }, { path: 'body' }] },
    });
    expect(await ask('POST', '/messages', '{"from":')).toMatchObject({
      status: 400,
      body: { detail: 'The body is no JSON.' },
    });
    expect((await ask('POST', '/messages', 'from=a', { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await ask('POST', '/messages', { from: 'nobody', to: '<', body: 'x' })).status).toBe(400);
    expect((await ask('GET', '/dead?limit=501')).status).toBe(400);
    expect((await ask('GET', '/dead?nonsense=1')).status).toBe(400);
    expect((await ask('GET', '/nothing')).status).toBe(404);
  });
});

describe('boxes', () => {
  test('for whom does mail wait, since when, and why is it not delivered', async () => {
    await scene.leave('bob', 'one', 'two');
    await scene.leave('carol', 'three');
    await until(async () => {
      const { body } = await ask('GET', '/boxes?order=waiting');
      expect(body['boxes']).toMatchObject([
        { aor: BOB, waiting: 2, oldest: scene.time },
        { aor: 'carol@example.org', waiting: 1 },
      ]);
    });
    expect((await ask('GET', '/counts')).body).toMatchObject({ boxes: 2, messages: 3 });
    const first = await ask('GET', '/boxes?order=name&limit=1');
    const second = await ask(
      'GET',
      `/boxes?order=name&limit=1&cursor=${encodeURIComponent(String(first.body['next']))}`,
    );
    expect(
      [first, second].map(({ body }) => (body['boxes'] as { aor: string }[]).map(({ aor }) => aor)),
    ).toEqual([[BOB], ['carol@example.org']]);
    const shown = await ask('GET', box(BOB));
    expect(shown.body).toMatchObject({ aor: BOB, waiting: 2, stuck: { reason: 'no-device' } });
    expect(JSON.stringify(shown.body)).not.toContain('"body"');
    expect((await ask('GET', box('not an address'))).status).toBe(400);
  });

  test('bodies are shown when asked for, and that is logged, without the address', async () => {
    await scene.leave('bob', 'a secret');
    const { body } = await ask('GET', `${box(BOB)}?bodies=true`);
    expect(body['messages']).toMatchObject([{ body: { text: 'a secret' }, from: 'sip:alice@example.org' }]);
    expect(logged).toEqual([`audit token from this process: GET /api/boxes/{aor} #${tagOf(BOB)}: 200`]);
  });

  test('messages are removed, moved and tried again, and each is logged', async () => {
    await scene.leave('bob', 'one', 'two', 'three');
    const { messages } = (await ask('GET', box(BOB))).body as { messages: { id: number }[] };
    expect(await ask('DELETE', `${box(BOB)}?ids=${messages[1]!.id}`)).toEqual({
      status: 200,
      body: { count: 1 },
    });
    expect(await ask('POST', `${box(BOB)}/move`, { to: 'carol@example.org' })).toMatchObject({
      body: { count: 2 },
    });
    expect(await scene.texts('carol')).toEqual(['one', 'three']);
    expect((await ask('POST', `${box('carol@example.org')}/requeue`)).body).toEqual({ count: 2 });
    expect((await ask('DELETE', box('carol@example.org'))).body).toEqual({ count: 2 });
    expect(await scene.node.store.ledger()).toMatchObject({ waiting: 0, erased: 3 });
    expect(logged.filter((line) => line.startsWith('audit'))).toHaveLength(4);
  });

  test('what became of a message is found by its Call-ID, step by step', async () => {
    const alice = await scene.phone('alice');
    await alice.message('bob', 'one', { callId: 'a-call-id' });
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    await bob.received(1);
    await until(async () =>
      expect((await ask('GET', '/messages/a-call-id')).body).toMatchObject({
        messages: [{ aor: BOB, state: 'delivered', status: 200 }],
      }),
    );
    const { messages } = (await ask('GET', '/messages/a-call-id')).body as {
      messages: { steps: { what: string }[] }[];
    };
    expect(messages[0]!.steps.map(({ what }) => what)).toEqual(['accepted', 'attempt', 'ended']);
    expect((await ask('GET', '/messages/unknown')).status).toBe(404);
  });

  test('devices, bindings and nodes', async () => {
    const bob = await scene.phone('bob');
    await bob.register({ expires: 600 });
    expect((await ask('GET', `/bindings/${BOB}`)).body['bindings']).toMatchObject([{ aor: BOB }]);
    expect((await ask('GET', `/devices/${BOB}`)).body['devices']).toMatchObject([{ registered: true }]);
    expect((await ask('GET', '/nodes')).body['nodes']).toMatchObject([{ node: 'node', state: 'alive' }]);
    expect((await ask('GET', '/health')).body).toMatchObject({ ready: true });
  });
});

describe('dead letters and reminders', () => {
  test('are listed in pages, sent again, thrown away and taken back', async () => {
    await scene.leave('bob', 'bad', 'worse');
    const alice = await scene.phone('alice');
    await alice.message('bob', 'later', {
      headers: { 'X-Send-At': new Date((scene.time + 1000) * 1000).toISOString() },
    });
    let answer = 603;
    const bob = await scene.phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? answer : 200) });
    await bob.register({ expires: 600 });
    await until(async () => expect((await scene.node.store.ledger()).dead).toBe(2));
    const page = await ask('GET', '/dead?limit=1');
    expect(page.body['letters']).toMatchObject([{ box: BOB, status: 603 }]);
    const rest = await ask('GET', `/dead?limit=5&cursor=${String(page.body['next'])}`);
    const [one] = page.body['letters'] as { id: number }[];
    const [other] = rest.body['letters'] as { id: number }[];
    expect(rest.body['next']).toBeUndefined();
    answer = 200;
    expect((await ask('POST', '/dead/replay', { ids: [one!.id] })).body).toEqual({ count: 1 });
    await until(async () => expect((await scene.node.store.ledger()).delivered).toBe(1));
    expect((await ask('POST', '/dead/drop', { ids: [other!.id] })).body).toEqual({ count: 1 });

    const { reminders } = (await ask('GET', `/reminders?box=${BOB}`)).body as { reminders: { id: number }[] };
    expect(reminders).toMatchObject([{ box: BOB, sendTime: scene.time + 1000 }]);
    expect((await ask('POST', '/reminders/cancel', { ids: [reminders[0]!.id] })).body).toEqual({ count: 1 });
    expect((await ask('GET', '/reminders')).body).toEqual({ reminders: [] });
  });
});

describe('lamps', () => {
  test('a program lights one and puts it out', async () => {
    const lamp = await LampPhone.start('bob', { server: scene.node.server });
    await lamp.subscribe();
    const last = () =>
      lamp.phone.requests
        .filter(({ method }) => method === 'NOTIFY')
        .at(-1)
        ?.body.toString() ?? '';
    const path = `/mailboxes/${BOB}/sources/voicemail`;
    const counts = { 'Voice-Message': { new: 2, old: 1 } };
    expect(await ask('PUT', path, { counts, expires: 600 })).toMatchObject({
      status: 200,
      body: { mailbox: BOB, source: 'voicemail', expires: 600 },
    });
    await until(() => expect(last()).toContain('Voice-Message: 2/1'));
    const shown = await ask('GET', `/mailboxes/${BOB}`);
    expect(shown.body).toMatchObject({ aor: BOB, waiting: true, watchers: [{ state: 'active' }] });
    expect(shown.body['sources']).toMatchObject([
      { kind: 'silo' },
      { name: 'voicemail', kind: 'publication' },
    ]);
    expect((await ask('GET', '/mailboxes')).body['mailboxes']).toMatchObject([{ aor: BOB, waiting: true }]);
    expect((await ask('PUT', path, { counts, expires: 1 })).body).toMatchObject({ sipStatus: 423 });
    expect((await ask('DELETE', path)).status).toBe(200);
    await until(() => expect(last()).toContain('Messages-Waiting: no'));
    lamp.phone.close();
  });
});

describe('a person', () => {
  test('is shown whole, a line for each thing, and erased with a report of what went from where', async () => {
    await scene.leave('bob', 'one', 'two');
    const { admin } = scene.node;
    const headers = { Authorization: `Bearer ${admin.token}` };
    const path = `http://localhost/api/persons/${BOB}`;
    const all = await admin.fetch(new Request(path, { headers }));
    expect([all.status, all.headers.get('Content-Type')]).toEqual([200, 'application/x-ndjson']);
    const lines = (await all.text()).trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { kind: string; data: { body?: string } });
    expect(records.filter(({ kind }) => kind === 'message').map(({ data }) => data.body)).toEqual([
      'one',
      'two',
    ]);
    const { body } = await ask('DELETE', `/persons/${BOB}`);
    expect(body['erased']).toContainEqual({ table: 'silo', rows: 2 });
    expect(await scene.texts('bob')).toEqual([]);
    expect((await ask('DELETE', '/persons/nonsense')).status).toBe(400);
    expect(logged.filter((line) => line.startsWith('audit'))).toEqual([
      `audit token from this process: GET /api/persons #${tagOf(BOB)}: 200`,
      `audit token from this process: DELETE /api/persons/{aor} #${tagOf(BOB)}: 200`,
      `audit token from this process: DELETE /api/persons/{aor} #${tagOf('nonsense')}: 400`,
    ]);
  });
});

describe('the OpenAPI document', () => {
  test('has each path that there is, with its parameters and schemas', async () => {
    const { body } = await ask('GET', '/openapi.json');
    expect(body).toMatchObject({ openapi: '3.1.0', security: [{ token: [] }] });
    const paths = body['paths'] as Record<string, Record<string, { parameters?: { name: string }[] }>>;
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/api/boxes', '/api/messages', '/api/dead/replay', '/api/events']),
    );
    expect(paths['/api/boxes/{aor}']!['get']!.parameters!.map(({ name }) => name)).toEqual([
      ...['aor', 'limit', 'cursor', 'bodies'],
    ]);
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((one) => (one as { operationId: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('is told nobody without the token', async () => {
    const headers = { Host: 'localhost' };
    for (const path of ['/openapi.json', '/boxes', '/events', '/nothing']) {
      const request = new Request(`http://localhost/api${path}`, { headers });
      expect((await scene.node.admin.fetch(request)).status).toBe(401);
    }
  });
});
