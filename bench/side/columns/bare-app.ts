/**
 * As little as a drachtio-srf application can do: 202 to MESSAGE, 200 to REGISTER, SUBSCRIBE and PUBLISH, and a NOTIFY for each of the
 * last two. It keeps what it needs in memory and checks nothing. What it does not reach, no application on drachtio-srf does.
 */
import Srf, { type SrfRequest, type SrfResponse } from 'drachtio-srf';
import { startFrontEnd } from '../../../lib/embedded/front-end.ts';
import { SECRET } from './drachtio.ts';

/** drachtio-srf as it is at run time; its own types know less than it does. */
interface BareSrf {
  on(event: 'connect', listener: () => void): void;
  connect(options: object): void;
  use(method: string, handler: (req: SrfRequest, res: SrfResponse) => void): void;
  request(uri: string, options: object, callback: (error: unknown) => void): void;
}

const srf = new Srf() as unknown as BareSrf;
const listen = process.env['BARE_SIP_LISTEN'];
const front = listen === undefined ? undefined : await startFrontEnd({ listen, secret: SECRET });

/** Mailbox -> the dialog of who watches it, as drachtio-server names it. */
const lamps = new Map<string, string>();
const contact = '<sip:bare@127.0.0.1>';

function notify(stackDialogId: string, body: string): void {
  const headers = {
    Event: 'message-summary',
    'Subscription-State': 'active;expires=3600',
    Contact: contact,
    'Content-Type': 'application/simple-message-summary',
  };
  srf.request('sip:placeholder', { method: 'NOTIFY', stackDialogId, headers, body }, () => undefined);
}

function mailboxOf(req: SrfRequest): string {
  return /sip:[^@>]+/.exec(req.get('To'))?.[0] ?? '';
}

srf.use('message', (_, res) => {
  res.send(202);
});
srf.use('register', (req, res) => {
  res.send(200, { headers: { Contact: `${req.get('Contact')};expires=3600` } });
});
srf.use('subscribe', (req, res) => {
  const tag = /;tag=([^;]+)/.exec(req.get('From'))?.[1] ?? '';
  const dialog = `${req.get('Call-ID')};from-tag=${tag}`;
  lamps.set(mailboxOf(req), dialog);
  res.send(200, 'OK', { headers: { Expires: '3600', Contact: contact } }, () =>
    notify(dialog, 'Messages-Waiting: no\r\n'),
  );
});
srf.use('publish', (req, res) => {
  res.send(200, { headers: { 'SIP-ETag': 'one', Expires: '3600' } });
  const dialog = lamps.get(mailboxOf(req));
  if (dialog !== undefined) notify(dialog, req.body);
});
srf.on('connect', () => console.log('ready'));
srf.connect({
  host: '127.0.0.1',
  port: front?.adminPort ?? Number(process.env['BARE_ADMIN_PORT']),
  secret: SECRET,
});
process.on('SIGTERM', () => process.exit(0));
