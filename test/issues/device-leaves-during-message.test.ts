/** Found by killing the app under load: a MESSAGE that crossed an un-REGISTER got 404 and was not stored. */
import { expect, test } from 'vitest';
import { refuse, unserved } from '../../lib/app/middlewares.ts';
import type { Middleware } from '../../lib/sip/drachtio/port.ts';
import { registrationParser } from '../../lib/sip/drachtio/registration-parser.ts';
import { startNode } from '../support/node.ts';
import { Phone } from '../support/phone.ts';

test('a message whose recipient leaves while it is looked at is stored', async () => {
  let leave: () => Promise<unknown> = () => Promise.resolve();
  const node = await startNode({
    chain: ({ srf, port, silo, registrar }) => {
      const between = (_req: unknown, _res: unknown, next: () => void) => void leave().then(() => next());
      srf.use('register', registrationParser());
      srf.use('register', silo.onRegister);
      srf.use('register', registrar.onRegister);
      srf.use('message', silo.onMessage);
      srf.use('message', between as unknown as Middleware);
      srf.use('message', silo.onLive);
      srf.use('message', unserved(port));
      srf.use('message', silo.onFailure);
      srf.use('message', refuse(port));
    },
  });
  const alice = await Phone.start('alice', { server: node.server });
  const bob = await Phone.start('bob', { server: node.server });
  try {
    await bob.register({ expires: 600 });
    leave = () => bob.unregister();
    expect((await alice.message('bob', 'one')).status).toBe(202);
    await bob.register({ expires: 600 });
    await bob.received(1);
    expect(bob.texts).toEqual(['one']);
  } finally {
    alice.close();
    bob.close();
    await node.close();
  }
});
