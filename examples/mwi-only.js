// Lamps alone: a voicemail server publishes, phones watch. Without a silo nothing but publications counts.
import Srf from 'drachtio-srf';
import { createMwi, createPort, openStore } from 'drachtio-silo';

const { DRACHTIO_HOST = '127.0.0.1', DRACHTIO_PORT = '9022', DRACHTIO_SECRET = 'cymru' } = process.env;

const srf = new Srf();
const port = createPort(srf);
const store = await openStore(process.env.SILO_STORE ?? 'sqlite:./lamps.db');
const mwi = createMwi(
  { srf, port, store },
  {
    showSilo: 'off',
    publishers: ['127.0.0.0/8'], // the voicemail server on this machine
    account: 'sip:voicemail@{domain}', // what phones dial when somebody presses the lamp
  },
);

srf.use('subscribe', mwi.onSubscribe);
srf.use('publish', mwi.onPublish);

await srf.connect({ host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT), secret: DRACHTIO_SECRET });
await mwi.start();
console.log('ready');
