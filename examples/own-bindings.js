// Your registrar keeps its devices somewhere else: in Redis, say, in the shape that the registrar of jambonz has, a hash for each address
// that expires with the registration. The silo only asks: who is there, and how is he reached?
import Srf from 'drachtio-srf';
import { createPort, createSilo, openStore } from 'drachtio-silo';

const { DRACHTIO_HOST = '127.0.0.1', DRACHTIO_PORT = '9022', DRACHTIO_SECRET = 'cymru' } = process.env;

// In your app: `createClient()` of the package redis, which has these methods, too.
const hashes = new Map();
const redis = {
  hSet: async (key, fields) => void hashes.set(key, { fields, until: Infinity }),
  expire: async (key, seconds) => void (hashes.get(key).until = Date.now() + seconds * 1_000),
  hGetAll: async (key) => ((hashes.get(key)?.until ?? 0) > Date.now() ? hashes.get(key).fields : {}),
  ttl: async (key) => Math.ceil(((hashes.get(key)?.until ?? 0) - Date.now()) / 1_000),
  del: async (key) => void hashes.delete(key),
};

const keyOf = (aor) => `user:${aor}`;
const now = () => Math.floor(Date.now() / 1_000);

const bindings = {
  async find(aor) {
    const { contact, sbcAddress, protocol, proxy } = await redis.hGetAll(keyOf(aor));
    if (contact === undefined) return [];
    const [, address, port] = /^sip:(.+):(\d+)$/.exec(proxy);
    return [
      {
        aor,
        contact,
        expires: now() + (await redis.ttl(keyOf(aor))),
        source: { address, port: Number(port), protocol }, // where the REGISTER came from: through NAT the only way back
        server: sbcAddress, // the drachtio-server that has the connection
        takesMessage: true,
        // What this registrar does not keep.
        ...{
          q: 1,
          instance: undefined,
          regId: undefined,
          path: [],
          callId: '',
          cseq: 0,
          userAgent: '',
          updated: now(),
        },
      },
    ];
  },
  async among(aors) {
    const found = await Promise.all(aors.map((aor) => redis.hGetAll(keyOf(aor))));
    return aors.filter((_, index) => found[index].contact !== undefined);
  },
};

const srf = new Srf();
const port = createPort(srf);
const store = await openStore(process.env.SILO_STORE ?? 'sqlite:./silo.db');
const silo = createSilo({ srf, port, store, bindings });

srf.use('register', silo.onRegister);
srf.use('register', async (req, res) => {
  const { uri } = req.getParsedHeader('To');
  const aor = uri.replace(/^sip:|;.*$/g, '');
  const [contact] = req.getParsedHeader('Contact');
  const expires = Number(contact.params?.expires ?? req.get('Expires') ?? 3_600);
  const { source_address: address, source_port, protocol } = req;
  if (expires === 0) await redis.del(keyOf(aor));
  else {
    await redis.hSet(keyOf(aor), {
      contact: contact.uri,
      sbcAddress: req.server.hostport,
      protocol,
      proxy: `sip:${address}:${source_port}`,
    });
    await redis.expire(keyOf(aor), expires);
  }
  res.send(200, { headers: { Contact: req.get('Contact'), Expires: String(expires) } });
});
srf.use('message', silo.onMessage);
srf.use('message', silo.onLive);
srf.use('message', silo.onFailure);

await srf.connect({ host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT), secret: DRACHTIO_SECRET });
await silo.start();
console.log('ready');
