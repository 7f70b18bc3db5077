/** What a host app decides for itself about REGISTER and MESSAGE, in place of the rule. */
import { afterEach, expect, test } from 'vitest';
import { createAuthorisation, type AuthorisationOptions } from '../../lib/auth/authorisation.ts';
import { setIdentity } from '../../lib/auth/identity.ts';
import { registrationParser } from '../../lib/sip/drachtio/registration-parser.ts';
import { aScene, type Scene } from '../support/scene.ts';

let scene: Scene;
afterEach(() => scene.close());

/** Everybody who asks is Bob. */
async function appWith(options: AuthorisationOptions): Promise<void> {
  scene = await aScene({
    chain: ({ srf, port, registrar, silo }) => {
      srf.use(
        port.middleware('isBob', (req, _, next) => {
          setIdentity(req, { kind: 'digest', aor: 'bob@example.org' });
          next();
        }),
      );
      srf.use(createAuthorisation(port, options).onRequest);
      srf.use('register', registrationParser());
      srf.use('register', registrar.onRegister);
      srf.use('message', silo.onMessage);
    },
  });
}

test('the rule holds where no hook is given', async () => {
  await appWith({});
  const [bob, alice] = [await scene.phone('bob'), await scene.phone('alice')];
  expect((await bob.register()).status).toBe(200);
  expect((await alice.register()).status).toBe(403);
  expect((await bob.message('carol', 'hello')).status).toBe(202);
  expect((await alice.message('carol', 'hello')).status).toBe(403);
});

test('hooks decide in its place, and hear the address', async () => {
  const heard: (string | undefined)[] = [];
  const only = (user: string) => (_: unknown, aor: string | undefined) => {
    heard.push(aor);
    return Promise.resolve(aor === `${user}@example.org`);
  };
  await appWith({ authorizeRegister: only('alice'), authorizeMessage: only('carol') });
  const [bob, alice, carol] = [
    await scene.phone('bob'),
    await scene.phone('alice'),
    await scene.phone('carol'),
  ];
  expect((await alice.register()).status).toBe(200);
  const refused = await bob.register();
  expect([refused.status, refused.start]).toEqual([
    403,
    expect.stringContaining('You may not register this'),
  ]);
  expect((await carol.message('dora', 'hello')).status).toBe(202);
  expect((await alice.message('dora', 'hello')).status).toBe(403);
  expect(heard).toEqual(['alice', 'bob', 'carol', 'alice'].map((user) => `${user}@example.org`));
});

test('a Path of no trusted hop is refused whatever a hook says', async () => {
  await appWith({ authorizeRegister: () => true });
  const bob = await scene.phone('bob');
  const headers = { Path: '<sip:192.0.2.9;lr>', Supported: 'path' };
  expect((await bob.register({ headers })).status).toBe(403);
});
