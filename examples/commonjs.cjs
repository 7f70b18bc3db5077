// The smallest plugin in an app of CommonJS: Node takes modules by require since 20.19.
const Srf = require('drachtio-srf');
const { createPort, createSilo, openStore } = require('drachtio-silo');

const { DRACHTIO_HOST = '127.0.0.1', DRACHTIO_PORT = '9022', DRACHTIO_SECRET = 'cymru' } = process.env;

async function main() {
  const srf = new Srf();
  const port = createPort(srf);
  const store = await openStore(process.env.SILO_STORE ?? 'sqlite:./silo.db');
  const silo = createSilo({ srf, port, store });

  srf.use('register', silo.onRegister);
  srf.use('register', (req, res) => {
    res.send(200, { headers: { Contact: req.get('Contact'), Expires: '3600' } });
  });
  srf.use('message', silo.onMessage);
  srf.use('message', silo.onLive);
  srf.use('message', silo.onFailure);

  await srf.connect({ host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT), secret: DRACHTIO_SECRET });
  await silo.start();
  console.log('ready');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
