// Offline messages alone: with the registrar of the package, with what becomes of each message, and with an orderly end.
import Srf from 'drachtio-srf';
import { createPort, createRegistrar, createSilo, openStore } from 'drachtio-silo';

const { DRACHTIO_HOST = '127.0.0.1', DRACHTIO_PORT = '9022', DRACHTIO_SECRET = 'cymru' } = process.env;

const srf = new Srf();
const port = createPort(srf);
const store = await openStore(process.env.SILO_STORE ?? 'sqlite:./silo.db');
const registrar = createRegistrar({ port, store }, { maxExpires: 3_600 });
const silo = createSilo({ srf, port, store, bindings: registrar }, { expireTime: 7 * 86_400 });

silo.events.on('stored', ({ box }) => console.log(`stored for ${box}`));
silo.events.on('ended', ({ box, outcome }) => console.log(`${outcome} for ${box}`));

srf.use('register', silo.onRegister);
srf.use('register', registrar.onRegister);
srf.use('message', silo.onMessage);
srf.use('message', silo.onLive);
srf.use('message', silo.onFailure);

await srf.connect({ host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT), secret: DRACHTIO_SECRET });
await silo.start();
console.log('ready');

process.once('SIGTERM', async () => {
  await silo.close(); // what is under way ends
  await port.drained(); // and all answers are out
  await store.close();
  srf.disconnect();
});
