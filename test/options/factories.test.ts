/** Every factory checks what code gives it, before it does anything. */
import Srf from 'drachtio-srf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFrontEnd } from '../../lib/embedded/front-end.ts';
import {
  createMwi,
  createNode,
  createPort,
  createRegistrar,
  createSilo,
  openStore,
  type Store,
} from '../../lib/index.ts';

let store: Store;
beforeAll(async () => {
  store = await openStore('sqlite::memory:');
});
afterAll(() => store.close());

const srf = new Srf();
const port = createPort(srf);
/** As from JavaScript: anything may be given. */
type Factory = (options: never) => unknown;
const factories = {
  createSilo: (options) => createSilo({ srf, port, store }, options),
  createMwi: (options) => createMwi({ srf, port, store }, options),
  createRegistrar: (options) => createRegistrar({ port, store }, options),
  createNode: (options) => createNode({ port, store }, options),
  openStore: (options) => openStore('sqlite::memory:', options),
  startFrontEnd: (options) => startFrontEnd(options),
} satisfies Record<string, Factory>;
const refused = async (factory: keyof typeof factories, options: unknown) => {
  try {
    await factories[factory](options as never);
  } catch (error) {
    return error;
  }
  throw new Error(`${factory} took ${JSON.stringify(options)}`);
};

describe('factories', () => {
  test.each<readonly [keyof typeof factories, unknown, string]>([
    [
      'createSilo',
      { maxLanes: 0 },
      'Option maxLanes of createSilo (found 0): wanted is a whole number from 1',
    ],
    [
      'createSilo',
      { overflow: 'drop' },
      '(found "drop"): wanted is one of "reject"|"drop-oldest"|"drop-receipts"',
    ],
    ['createSilo', { expireTme: 60 }, 'There is no option expireTme of createSilo. Did you mean expireTime?'],
    [
      'createSilo',
      { deliverTo: 'all' },
      'Option deliverTo of createSilo (found "all"): wanted is one of "first"|"every"',
    ],
    [
      'createSilo',
      { expireTime: null },
      'Option expireTime of createSilo (found null): wanted is a whole number of seconds',
    ],
    ['createSilo', { extraHeaders: { Via: 'x' } }, 'Option extraHeaders.Via of createSilo'],
    ['createSilo', { noticeBody: 5 }, 'Option noticeBody of createSilo (found 5): wanted is a text'],
    ['createSilo', { outcomes: { 404: 'gone' } }, 'Option outcomes.404 of createSilo'],
    ['createSilo', { domains: ['exa mple.org'] }, 'Option domains of createSilo'],
    ['createSilo', { node: 'x'.repeat(91) }, 'Option node of createSilo'],
    ['createSilo', { mwiCompose: 'sum' }, 'There is no option mwiCompose of createSilo'],
    ['createMwi', { compose: 'average' }, 'Option compose of createMwi (found "average")'],
    ['createMwi', { publishers: ['nowhere'] }, '"nowhere" is no network'],
    [
      'createMwi',
      { authorizeSubscribe: true },
      'Option authorizeSubscribe of createMwi (found true): wanted is a function',
    ],
    ['createMwi', { format: { urgnt: 'never' } }, 'Option format of createMwi'],
    ['createMwi', { format: { urgent: 'sometimes' } }, 'Option format.urgent of createMwi'],
    ['createMwi', { otherEvents: 'drop' }, 'Option otherEvents of createMwi'],
    ['createMwi', { minSubscription: 100_000 }, 'wanted is at most 86400 (maxSubscription)'],
    [
      'createRegistrar',
      { minExpires: 7200, maxExpires: 60 },
      'Option minExpires of createRegistrar (found 7200)',
    ],
    ['createRegistrar', { maxContact: 3 }, 'Did you mean maxContacts?'],
    ['createNode', { leaseTime: 0 }, 'Option leaseTime of createNode (found 0)'],
    ['createNode', { node: '' }, 'Option node of createNode (found "")'],
    ['createNode', { nodename: 'one' }, 'There is no option nodename of createNode'],
    ['openStore', { connections: 0 }, 'Option connections of openStore (found 0)'],
    ['openStore', { now: 5 }, 'Option now of openStore (found 5): wanted is a function'],
    ['startFrontEnd', { listen: '5060' }, 'Option listen of startFrontEnd (found "5060")'],
    ['startFrontEnd', { secret: ['s3cret'] }, 'Option secret of startFrontEnd (found ***)'],
  ])('%s refuses %o with a sentence', async (factory, options, sentence) => {
    expect(await refused(factory, options)).toMatchObject({
      code: 'SILO_CONFIG',
      message: expect.stringContaining(sentence) as string,
    });
  });

  test.each(['createSilo', 'createMwi', 'createRegistrar', 'createNode'] as const)(
    '%s takes undefined for any option, and a text where the environment would give one',
    (factory) => {
      const options = { expireTime: undefined, node: undefined, domains: undefined, leaseTime: undefined };
      const own = factory === 'createNode' ? { node: undefined, leaseTime: '30' } : undefined;
      const registrar = factory === 'createRegistrar' ? { domains: undefined, maxExpires: '600' } : undefined;
      const mwi =
        factory === 'createMwi' ? { domains: undefined, spread: '100', knows: undefined } : undefined;
      expect(() => factories[factory]((own ?? registrar ?? mwi ?? options) as never)).not.toThrow();
    },
  );
});

test.each([
  'mysql://silo:s3/cret@host/db',
  'mysql://silo:33/s3cret@host',
  'mysql:silo:s3cret@host/db',
  'mysql://silo:s3cret@host:99999/db',
  'mysql://silo:s3cret@host/db?x',
  'silo:s3cret@host/db',
  's3cret',
  '',
  undefined,
])('a store URL that cannot be read is not repeated: %s', async (url) => {
  const error: unknown = await openStore(url as string).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'SILO_STORE_URL' });
  expect(String(error)).not.toMatch(/cret|s3/);
});
