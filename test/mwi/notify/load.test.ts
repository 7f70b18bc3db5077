/** Two thousand subscriptions, four thousand publications: every lamp ends right, at its pace. */
import { expect, test } from 'vitest';
import { startNode } from '../../support/node.ts';
import { Fleet } from '../../support/fleet.ts';
import { voice } from '../../support/lamp-phone.ts';

test('2,000 watchers and 4,000 PUBLISHes: right counts, no two NOTIFYs within a second, CSeq rises', async () => {
  const node = await startNode({ mwi: { spread: 0, stopGrace: 0 }, limits: { limits: false } });
  const fleet = await Fleet.start(2000, { server: node.server });
  await fleet.subscribe();
  expect(node.mwi.size()).toBe(2000);
  const users = [...fleet.members.keys()];
  await fleet.publish(
    users.map((user, i) => [user, voice(i % 7, 1)] as const),
    'voicemail',
  );
  await fleet.publish(
    users.map(
      (user, i) => [user, `Messages-Waiting: no\r\nVoice-Message: 0/${i}\r\nFax-Message: 1/0\r\n`] as const,
    ),
    'fax',
  );
  await fleet.all(({ user, notifies }) => {
    const i = Number(user.slice(1));
    return notifies.at(-1)!.body.includes(`Voice-Message: ${i % 7}/${i + 1} (0/0)\r\nFax-Message: 1/0 (0/0)`);
  });
  const { least, fallen } = fleet.pace();
  expect(least).toBeGreaterThanOrEqual(1000);
  expect(fallen).toBe(0);
  fleet.close();
  await node.close();
}, 60_000);

test('with datagrams lost, late and out of order, every lamp ends right and no NOTIFY overtakes another', async () => {
  const node = await startNode({
    mwi: { spread: 0, stopGrace: 0 },
    front: { timers: { T1: 100 }, faults: { udpLoss: 0.05, udpReorder: 0.2, echoWithResponse: true } },
  });
  const fleet = await Fleet.start(100, { server: node.server });
  await fleet.subscribe();
  for (const round of [1, 2, 3])
    await fleet.publish(
      [...fleet.members.keys()].map((user, i) => [user, voice(i + round, round)] as const),
      'voicemail',
    );
  await fleet.all(({ user, notifies }) =>
    notifies.at(-1)!.body.includes(`Voice-Message: ${Number(user.slice(1)) + 3}/3`),
  );
  expect(fleet.pace().fallen).toBe(0);
  fleet.close();
  await node.close();
}, 60_000);
