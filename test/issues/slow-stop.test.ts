/** A stop waited for live deliveries first and for the silo then: with two silent phones it was cut off with code 1. */
import { expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { Phone } from '../support/phone.ts';

test('a stop with a live delivery and a dump to silent phones is orderly, and over in time', async () => {
  const app = await startApp();
  const [alice, bob, carol] = await Promise.all(
    ['alice', 'bob', 'carol'].map((name) => Phone.start(name, { server: app.server })),
  );
  const silent = ({ method }: { readonly method: string }) => (method === 'MESSAGE' ? 'silence' : 200);
  bob!.react = carol!.react = silent;
  await alice!.message('bob', 'waits');
  await Promise.all([bob!.register({ expires: 600 }), carol!.register({ expires: 600 })]);
  await bob!.received(1);
  const live = alice!.message('carol', 'live');
  await carol!.received(1);
  app.process.kill('SIGTERM');
  expect((await live).status).toBe(202);
  // One that is not over in time is cut off, with the code 1.
  expect(await app.process.exited).toMatchObject({ code: 0 });
  for (const phone of [alice, bob, carol]) phone!.close();
}, 20_000);
