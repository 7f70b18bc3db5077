// Who asks is your own affair: a token of your platform in a header, say. What that person may do is decided by the package, but for one
// rule of yours: contractors write to nobody.
import Srf from 'drachtio-srf';
import {
  NOBODY,
  createAuthorisation,
  createPort,
  createRegistrar,
  createSilo,
  identityOf,
  openStore,
  setIdentity,
} from 'drachtio-silo';

const { DRACHTIO_HOST = '127.0.0.1', DRACHTIO_PORT = '9022', DRACHTIO_SECRET = 'cymru' } = process.env;

const TOKENS = new Map([
  ['token-of-alice', 'alice@example.org'],
  ['token-of-bob', 'bob@example.org'],
  ['token-of-carl', 'carl@contractors.example'],
]);

const srf = new Srf();
const port = createPort(srf);
const store = await openStore(process.env.SILO_STORE ?? 'sqlite:./silo.db');
const registrar = createRegistrar({ port, store });
const silo = createSilo({ srf, port, store, bindings: registrar });
const authorisation = createAuthorisation(port, {
  // In place of the rule that From is the identity, so it says that, too.
  authorizeMessage: (req, from) => {
    const identity = identityOf(req);
    return identity?.aor === from && !from.endsWith('@contractors.example');
  },
});

srf.use((req, _, next) => {
  const aor = TOKENS.get(req.get('X-Token'));
  // NOBODY may nothing. A request that is left without any identity is somebody else's affair, and passes.
  setIdentity(req, aor === undefined ? NOBODY : { kind: 'digest', aor });
  next();
});
srf.use(authorisation.onRequest);
srf.use('register', silo.onRegister);
srf.use('register', registrar.onRegister);
srf.use('message', silo.onMessage);
srf.use('message', silo.onLive);
srf.use('message', silo.onFailure);

await srf.connect({ host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT), secret: DRACHTIO_SECRET });
await silo.start();
console.log('ready');
