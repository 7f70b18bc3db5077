/** An application around the silo, the lamps and the registrar. Compiled by `npm run types`; nothing here runs. */
import Srf from 'drachtio-srf';
import {
  createMwi,
  createNode,
  createPort,
  createRegistrar,
  createSilo,
  onLog,
  type Authorize,
  type Binding,
  type BindingSource,
  type LogFields,
  type Middleware,
  type Mwi,
  type MwiOptions,
  type Registrar,
  type Silo,
  type SiloOptions,
  type SipRequest,
  type Store,
  type Submitted,
} from '../../lib/index.ts';

declare const store: Store;
const srf = new Srf();
const port = createPort(srf);

/** A registrar of somebody else. */
class Directory implements BindingSource {
  readonly partial = true;
  readonly #known = new Map<string, readonly Binding[]>();

  find(aor: string): Promise<readonly Binding[]> {
    return Promise.resolve(this.#known.get(aor) ?? []);
  }

  among(aors: readonly string[]): Promise<readonly string[]> {
    return Promise.resolve(aors.filter((aor) => this.#known.has(aor)));
  }
}

/** A middleware of somebody else, in line with ours. */
const logged: Middleware = (req, _res, next) => {
  console.log(req.method, req.source_address);
  next();
};

const options: SiloOptions = { expireTime: 60, deliverTo: 'every', storeTypes: ['text/*'] };
const silo: Silo = createSilo({ srf, port, store, bindings: new Directory() }, options);
const byName: Authorize = (req: SipRequest, mailbox) => String(req.get('From')).includes(mailbox);
const lamps: MwiOptions = { authorizeSubscribe: byName, knows: () => Promise.resolve(true) };
const mwi: Mwi = createMwi({ srf, port, store, node: createNode({ store, port }) }, lamps);
const registrar: Registrar = createRegistrar({ port, store, now: () => 0 }, { minExpires: 60 });

srf.use(logged);
for (const step of [silo.onRegister, mwi.onRegister, registrar.onRegister]) srf.use('register', step);
for (const step of [silo.onMessage, silo.onLive, silo.onFailure]) srf.use('message', step);
srf.use('subscribe', mwi.onSubscribe);
srf.use('publish', mwi.onPublish);

silo.events.on('stored', ({ box, id }) => console.log(box.toUpperCase(), id + 1));
const sent: Promise<Submitted> = silo.submit({ from: 'a@example.org', to: 'b@example.org', body: 'hi' });
void sent.then(({ outcome, id, callId }) => console.log(outcome === 'stored', id + 1, callId.length));
const lit = mwi.publish({
  mailbox: 'b@example.org',
  source: 'vm',
  counts: { 'Voice-Message': { new: 1, old: 0 } },
});
void lit.then(({ expires }) => expires + 1);
void mwi.publish({ mailbox: 'b@example.org', source: 'vm', counts: null });
silo.events.on('attempt', ({ verdict, status }) => console.log(verdict, status));
onLog((level, room, message, { callId = '', id = 0 }) =>
  console.log(level, room, message, callId.length, id + 1),
);
onLog(() => undefined, { level: 'debug' })();

export const wrong = (): void => {
  // @ts-expect-error no such option
  createSilo({ srf, store }, { expireTme: 60 });
  // @ts-expect-error a number of seconds
  createSilo({ srf, store }, { expireTime: '60' });
  // @ts-expect-error one of two words
  createSilo({ srf, store }, { deliverTo: 'all' });
  // @ts-expect-error no such option
  createMwi({ srf, store }, { notifyIntervall: 1 });
  // @ts-expect-error no such option
  createRegistrar({ port, store, now: () => 0 }, { minExpire: 60 });
  // @ts-expect-error without a store nothing is kept
  createSilo({ srf });
  // @ts-expect-error no such event
  silo.events.on('lost', () => undefined);
  // @ts-expect-error a source finds bindings
  const texts: BindingSource = { find: () => Promise.resolve(['sip:a@b']), among: () => Promise.resolve([]) };
  createSilo({ srf, store, bindings: texts });
  // @ts-expect-error a message is for somebody
  void silo.submit({ from: 'a@example.org', body: 'hi' });
  // @ts-expect-error a header is a text
  void silo.submit({ from: 'a@example.org', to: 'b@example.org', headers: { Priority: 1 } });
  // @ts-expect-error no such class of messages
  void mwi.publish({ mailbox: 'b@example.org', source: 'vm', counts: { Voice: { new: 1, old: 0 } } });
  // @ts-expect-error refusals are thrown
  void sent.then(({ outcome }) => outcome === 'refused');
  // @ts-expect-error bodies are never logged
  const field: keyof LogFields = 'body';
  console.log(field);
  // @ts-expect-error no such level
  onLog(() => undefined, { level: 'trace' });
  // @ts-expect-error no such answer
  silo.events.on('ended', ({ outcome }) => outcome === 'lost');
};
