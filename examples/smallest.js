// The smallest plugin: messages for people who are away wait in a file, beside a registrar of your own.
import Srf from 'drachtio-srf';
import { createPort, createSilo, openStore } from 'drachtio-silo';

const { DRACHTIO_HOST = '127.0.0.1', DRACHTIO_PORT = '9022', DRACHTIO_SECRET = 'cymru' } = process.env;

const srf = new Srf();
const port = createPort(srf);
const store = await openStore(process.env.SILO_STORE ?? 'sqlite:./silo.db');
const silo = createSilo({ srf, port, store });

// It answers nothing: it waits for your 2xx, and then sends what waits.
srf.use('register', silo.onRegister);
srf.use('register', (req, res) => {
  res.send(200, { headers: { Contact: req.get('Contact'), Expires: '3600' } });
});

srf.use('message', silo.onMessage); // nobody is there: stored, 202
srf.use('message', silo.onLive); // or a router of your own, which calls next(error) when it fails
srf.use('message', silo.onFailure); // stored, 202

await srf.connect({ host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT), secret: DRACHTIO_SECRET });
await silo.start();
console.log('ready');
