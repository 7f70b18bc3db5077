/** Mailboxes for operators: what each says, out of what, to whom, and why. */
import { afterEach, expect, test } from 'vitest';
import { createStoreMailboxes } from '../../../lib/mwi/store-mailboxes.ts';
import { onEachStore } from '../../support/each-store.ts';
import { LampPhone, voice } from '../../support/lamp-phone.ts';
import type { TestNodeOptions } from '../../support/node.ts';
import { aScene, type Scene } from '../../support/scene.ts';
import { until } from '../../support/until.ts';

onEachStore((emptyStore) => {
  let scene: Scene;
  const lamps: LampPhone[] = [];
  afterEach(async () => {
    for (const lamp of lamps.splice(0)) lamp.close();
    await scene.close();
  });
  const start = async (options: TestNodeOptions = {}) =>
    (scene = await aScene({
      storeUrl: await emptyStore(),
      ...options,
      mwi: { publishers: ['127.0.0.1'], tailTime: 0.05, ...options.mwi },
    }));
  const lamp = async (name: string) => {
    const phone = await LampPhone.start(name, { server: scene.node.server });
    lamps.push(phone);
    return phone;
  };
  const bob = 'bob@example.org';
  const show = () => scene.node.mwi.mailboxes.show(bob);

  test('a mailbox is shown with its sources, its watchers and the last NOTIFY, and says why', async () => {
    const { leave, node } = await start();
    const [phone, vm] = [await lamp('bob'), await lamp('vm')];
    await phone.subscribe();
    await leave('bob', 'hello');
    await vm.publish(bob, voice(2, 1));
    await until(async () => {
      const shown = await show();
      expect(shown).toMatchObject({
        aor: bob,
        waiting: true,
        counts: { messages: 1, urgent: 0 },
        sources: [
          { kind: 'silo', counts: true },
          { kind: 'publication', name: 'vm@example.org', counts: true },
        ],
        watchers: [{ watcher: `sip:${bob}`, node: 'node', state: 'active', lastNotify: { status: 200 } }],
      });
      expect(shown.watchers[0]!.lastNotify!.text).toBe(shown.text);
      expect(shown.text).toContain('Voice-Message: 2/1');
    });
    const { why, sources } = await show();
    expect(sources[1]!.expires).toBeGreaterThan(scene.time);
    expect(why[0]).toBe('The lamp shines.');
    expect(why[1]).toBe('1 message waits in its box, 0 of them urgent.');
    expect(why[2]).toMatch(/^vm@example\.org published "Messages-Waiting: yes" at /);
    expect(why[3]).toMatch(/^sip:bob@example\.org was told at .* and answered 200 Scripted\.$/);
    // Another process knows all but what was told.
    const other = await createStoreMailboxes(node.store, { now: () => scene.time }).show(`sip:${bob}`);
    expect(other.text).toBe((await show()).text);
    expect(other.watchers).toMatchObject([{ watcher: `sip:${bob}`, node: 'node' }]);
    expect(other.watchers[0]).not.toHaveProperty('state');
  });

  test('a device that is told without a subscription is a watcher of its own kind, until it leaves', async () => {
    const { phone, node } = await start({ mwi: { unsolicited: 'active' } });
    const device = await phone('bob', { react: ({ method }) => (method === 'NOTIFY' ? 202 : 200) });
    expect((await show()).why.at(-1)).toMatch(/^Devices that are told without a subscription are known at /);
    await device.register({ expires: 600 });
    await until(async () =>
      expect((await show()).watchers).toMatchObject([
        {
          kind: 'unsolicited',
          contact: device.contact.replace(/[<>]/g, ''),
          node: 'node',
          lastNotify: { status: 202 },
        },
      ]),
    );
    const { text, watchers, why } = await show();
    expect(watchers[0]!.lastNotify!.text).toBe(text);
    expect(why.at(-1)).toMatch(/, which has not subscribed, was told at .* and answered 202 Scripted\.$/);
    // Another process knows it by its registration.
    const elsewhere = createStoreMailboxes(node.store, {
      now: () => scene.time,
      mwi: { unsolicited: 'active' },
    });
    expect((await elsewhere.show(bob)).watchers).toMatchObject([
      { kind: 'unsolicited', node: '', id: watchers[0]!.id },
    ]);
    await device.unregister();
    await until(async () => expect((await show()).watchers).toEqual([]));
    expect((await elsewhere.show(bob)).watchers).toEqual([]);
  });

  test('a source that does not count says why not', async () => {
    await start({ mwi: { compose: 'latest', showSilo: 'off' } });
    const [one, two] = [await lamp('one'), await lamp('two')];
    await one.publish(bob, voice(1, 0));
    await two.publish(bob, voice(0, 0));
    const { sources, why, waiting } = await show();
    expect(sources.map(({ name, counts }) => [name, counts]).sort()).toEqual([
      ['one@example.org', false],
      ['silo', false],
      ['two@example.org', true],
    ]);
    expect(waiting).toBe(false);
    expect(why.join('\n')).toContain('since showSilo is off');
    expect(why.join('\n')).toContain('a later publication stands alone (compose = latest)');
    expect(why.at(-1)).toBe('Nobody watches it.');
  });

  test('mailboxes are listed by name, in pages; one that nobody uses is shown neutral', async () => {
    const { node } = await start();
    const vm = await lamp('vm');
    for (const user of ['c', 'a', 'b']) await vm.publish(`${user}@example.org`, voice(1, 0));
    const first = await node.mwi.mailboxes.list({ limit: 2 });
    expect(first.mailboxes.map(({ aor, waiting }) => [aor, waiting])).toEqual([
      ['a@example.org', true],
      ['b@example.org', true],
    ]);
    const rest = await node.mwi.mailboxes.list({ limit: 2, cursor: first.next! });
    expect(rest).toMatchObject({ mailboxes: [{ aor: 'c@example.org', seen: scene.time }] });
    expect(rest.next).toBeUndefined();
    expect(await node.mwi.mailboxes.show('nobody@example.org')).toMatchObject({
      waiting: false,
      text: 'Messages-Waiting: no\r\n',
      watchers: [],
      why: [
        'The lamp is dark.',
        'No message waits in its box.',
        'Nobody publishes for it.',
        'Nobody watches it.',
      ],
    });
    await expect(node.mwi.mailboxes.show('nobody')).rejects.toMatchObject({ status: 400 });
  });
});
