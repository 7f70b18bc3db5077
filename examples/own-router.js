// A router of your own between silo.onMessage and silo.onFailure: it sends a MESSAGE to the device that it knows, and says what became of it.
// What fails is stored; a device that answers after we have given up has the message, so the stored copy is ended.
import Srf from 'drachtio-srf';
import { createPort, createSilo, openStore } from 'drachtio-silo';

const { DRACHTIO_HOST = '127.0.0.1', DRACHTIO_PORT = '9022', DRACHTIO_SECRET = 'cymru' } = process.env;
/** The sender gives up after 32 seconds, and sends again much earlier: ms. */
const PATIENCE = Number(process.env.PATIENCE ?? 4_000);

const srf = new Srf();
const port = createPort(srf);
const store = await openStore(process.env.SILO_STORE ?? 'sqlite:./silo.db');
const silo = createSilo({ srf, port, store });

/** What your router knows: who is where. */
const devices = new Map();
const aorOf = (uri) => uri.replace(/^sip:|[;:?].*$/g, '');

srf.use('register', silo.onRegister);
srf.use('register', (req, res) => {
  const [{ uri }] = req.getParsedHeader('Contact');
  devices.set(aorOf(req.getParsedHeader('To').uri), {
    uri,
    proxy: `sip:${req.source_address}:${req.source_port};transport=${req.protocol}`,
  });
  res.send(200, { headers: { Contact: req.get('Contact'), Expires: '3600' } });
});

/**
 * A request of our own, in callback form: it calls back once it is sent, and `response` comes with the final answer, which is a 408 of
 * drachtio-server when the device is silent. Nothing is answered here, so a failure can still become a 202.
 */
function forward(req, { uri, proxy }, answered, failed) {
  const headers = {
    From: req.get('From'),
    To: req.get('To'),
    'Content-Type': req.get('Content-Type'),
    'Max-Forwards': String(Number(req.get('Max-Forwards') ?? 70) - 1),
  };
  srf.request(uri, { method: 'MESSAGE', proxy, headers, body: req.body }, (error, sent) => {
    if (error) failed(error);
    else sent.on('response', ({ status, reason }) => answered(status, reason));
  });
}

srf.use('message', silo.onMessage); // nobody is there, or mail waits already: stored, 202; else handed on
srf.use('message', (req, res, next) => {
  const device = devices.get(aorOf(req.uri));
  const failure = (status, reason) => Object.assign(new Error(reason), { status });
  if (device === undefined) return next(failure(480, 'Nobody is here'));

  let stored;
  const late = setTimeout(async () => {
    stored = silo.store(req); // answers nothing, and tells the key of the stored copy
    const { status } = await stored;
    res.send(status);
  }, PATIENCE);
  const answered = async (status, reason) => {
    if (stored !== undefined) {
      const { key } = await stored;
      if (status < 300 && key !== undefined) await silo.delivered(key);
      return;
    }
    clearTimeout(late);
    if (status < 300) res.send(200);
    else next(failure(status, reason)); // silo.onFailure decides by the status
  };
  forward(req, device, answered, () => answered(500, 'It could not be sent'));
});
srf.use('message', silo.onFailure); // stored, 202; or the error goes on
srf.use('message', (error, req, res, next) =>
  res.finalResponseSent ? next(error) : res.send(error.status ?? 500),
);

await srf.connect({ host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT), secret: DRACHTIO_SECRET });
await silo.start();
console.log('ready');
