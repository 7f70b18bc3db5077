/** What an operator adds to deliveries (msilo's `extra_hdrs`, `add_contact`, `use_mode`, `outbound_proxy`, `maxmsg`). */
import { afterEach, describe, expect, test } from 'vitest';
import type { SiloOptions } from '../../../lib/silo/state/options.ts';
import type { StoreOverrides } from '../../../lib/silo/receive/message-of-request.ts';
import { Phone } from '../../support/phone.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { idle } from '../../support/sentinel.ts';
import { until } from '../../support/until.ts';

let scene: Scene;
const start = async (silo: SiloOptions = {}) => (scene = await aScene({ silo: { tailTime: 0.05, ...silo } }));
afterEach(() => scene.close());

/** Bob registers and gets the one message that waits. */
async function delivered() {
  const bob = await scene.phone('bob');
  await bob.register({ expires: 600, headers: { 'User-Agent': 'desk/1' } });
  const [message] = await bob.received(1);
  return message!;
}

describe('a delivery', () => {
  test('extraHeaders as templates: variables are filled, headers of the message win', async () => {
    await start({
      extraHeaders: {
        'X-Offline': 'for {user} of {domain} from {from}',
        Subject: 'ours',
        'X-Odd': '{ nothing }',
      },
    });
    const alice = await scene.phone('alice');
    await alice.message('bob', 'hi', { headers: { Subject: 'hers' } });
    const message = await delivered();
    expect(message.header('X-Offline')).toBe('for bob of example.org from sip:alice@example.org');
    expect(message.header('Subject')).toBe('hers');
    expect(message.header('X-Odd')).toBe('{ nothing }');
  });

  test('extraHeaders as a function of message and registration; one that throws costs its headers only', async () => {
    let broken = false;
    await start({
      extraHeaders: (message, binding) => {
        if (broken) throw new Error('oops');
        return { 'X-About': `${message.incTime} ${binding.userAgent}` };
      },
    });
    await scene.leave('bob', 'one');
    expect((await delivered()).header('X-About')).toBe(`${scene.time} desk/1`);
    broken = true;
    await scene.leave('carol', 'two');
    const carol = await scene.phone('carol');
    await carol.register({ expires: 600 });
    const [message] = await carol.received(1);
    expect(message!.header('X-About')).toBe('');
  });

  test('extraHeaders that do not fit are left out: the message goes all the same', async () => {
    await start({ extraHeaders: { 'X-Long': 'x'.repeat(7900) } });
    await scene.leave('bob', 'one');
    expect((await delivered()).header('X-Long')).toBe('');
  });

  test('addContact: the From URI with msilo=yes', async () => {
    await start({ addContact: true });
    await scene.leave('bob', 'one');
    expect((await delivered()).header('Contact')).toMatch(/^<sip:alice@example\.org>;msilo=yes$/);
  });

  test('reuseCallId: the Call-ID that it came with', async () => {
    await start({ reuseCallId: true });
    const alice = await scene.phone('alice');
    await alice.message('bob', 'hi', { callId: 'her-own-call-id' });
    expect((await delivered()).header('Call-ID')).toBe('her-own-call-id');
  });

  test('outboundProxy: everything goes there, the Request-URI stays the contact', async () => {
    // It only listens.
    const edge = await Phone.start('edge', { server: { host: '127.0.0.1', port: 9 } });
    try {
      await start({ outboundProxy: `${/<([^>]*)>/.exec(edge.contact)?.[1] ?? ''};lr` });
      await scene.leave('bob', 'one');
      const bob = await scene.phone('bob');
      await bob.register({ expires: 600 });
      const [message] = await edge.received(1);
      expect(message!.start).toContain(`MESSAGE ${/<([^>]*)>/.exec(bob.contact)?.[1] ?? ''}`);
      expect(bob.messages).toHaveLength(0);
    } finally {
      edge.close();
    }
  });

  test('dump(aor, { limit }): so many, and the rest with the next wake', async () => {
    await start();
    await scene.leave('bob', 'one', 'two', 'three', 'four');
    let there = 480;
    const bob = await scene.phone('bob', { react: ({ method }) => (method === 'MESSAGE' ? there : 200) });
    await bob.register({ expires: 600 });
    await bob.received(1);
    await until(async () =>
      expect((await scene.node.store.waiting('bob@example.org', scene.time, 1))[0]).toMatchObject({
        attempts: 1,
      }),
    );
    there = 200;
    scene.node.silo.dump('sip:bob@EXAMPLE.org', { limit: 2 });
    await bob.received(3);
    await idle(scene.node, bob);
    expect(bob.texts).toEqual(['one', 'one', 'two']);
    scene.node.silo.dump('bob@example.org');
    await bob.received(5);
    expect(bob.texts.slice(3)).toEqual(['three', 'four']);
  });

  test('a limit for a box whose owner is away is gone when the owner registers', async () => {
    await start();
    await scene.leave('bob', 'one', 'two');
    scene.node.silo.dump('bob@example.org', { limit: 1 });
    const bob = await scene.phone('bob');
    await idle(scene.node, bob);
    await bob.register({ expires: 600 });
    await bob.received(2);
  });

  test('where every device is owed everything, the limit is that of each device', async () => {
    await start({ deliverTo: 'every' });
    let there = 480;
    const devices = await Promise.all(
      [1, 2].map(async (n) => {
        const phone = await scene.phone('bob', {
          react: ({ method }) => (method === 'MESSAGE' ? there : 200),
        });
        await phone.register({ expires: 600, params: `;+sip.instance="<urn:uuid:device-${n}>"` });
        return phone;
      }),
    );
    await scene.leave('bob', 'one', 'two', 'three');
    await until(async () => {
      const states = await scene.node.store.deviceStates('bob@example.org');
      expect(states.map(({ attempts }) => attempts)).toEqual([1, 1]);
    });
    // The limit is that of the next session, so the one before must be over.
    for (const phone of devices) await idle(scene.node, phone);
    there = 200;
    scene.node.silo.dump('bob@example.org', { limit: 2 });
    for (const phone of devices) await phone.received(3);
    for (const phone of devices) {
      await idle(scene.node, phone);
      expect(phone.texts).toEqual(['one', 'one', 'two']);
    }
    scene.node.silo.dump('bob@example.org');
    for (const phone of devices) await phone.received(4);
  });
});

describe('silo.store(req, …)', () => {
  /** A node whose silo stores as told, instead of by itself. */
  async function storing(over: StoreOverrides, silo: SiloOptions = {}): Promise<void> {
    scene = await aScene({
      silo: { tailTime: 0.05, ...silo },
      chain: ({ srf, silo: own, registrar }) => {
        srf.use('register', own.onRegister);
        srf.use('register', registrar.onRegister);
        const store = (req: object, res: { send(status: number): void }) => {
          void own.store(req, over).then(({ status }) => res.send(status));
        };
        srf.use('message', store as never);
      },
    });
  }

  test('from, to, headers and onlyHeaders: what the recipient sees is what the host app says', async () => {
    await storing({
      owner: 'bob@example.org',
      from: 'sip:office@example.org',
      to: 'sip:team@example.org',
      headers: { 'X-Team': 'sales' },
      onlyHeaders: true,
    });
    const alice = await scene.phone('alice');
    await alice.message('dispatcher', 'hi', { headers: { Subject: 'hers' } });
    const message = await delivered();
    expect(message.header('From')).toContain('<sip:office@example.org>');
    expect(message.header('To')).toContain('<sip:team@example.org>');
    expect(message.header('X-Team')).toBe('sales');
    expect(message.header('Subject')).toBe('');
  });

  test('skipNotice: no notice', async () => {
    const notices = { noticeFrom: 'sip:silo@example.org', noticeBody: 'stored' };
    await storing({ skipNotice: true }, notices);
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', 'hi', { headers: { Contact: alice.contact } })).status).toBe(202);
    await alice.heard();
    expect(alice.messages).toHaveLength(0);
  });

  test('sendAt: an ISO time; a bad one is a refusal with 400', async () => {
    const due = 1_800_000_000 + 30;
    await storing({ sendAt: new Date(due * 1000).toISOString() });
    const alice = await scene.phone('alice');
    expect((await alice.message('bob', 'later')).status).toBe(202);
    expect(await scene.node.silo.reminders.list()).toMatchObject([{ sendTime: due, box: 'bob@example.org' }]);
    await scene.close();
    await storing({ sendAt: 'soon' });
    expect((await (await scene.phone('alice')).message('bob', 'later')).status).toBe(400);
  });
});
