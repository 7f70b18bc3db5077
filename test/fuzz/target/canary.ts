/** A message and a lamp that nobody has touched: they work as ever, whatever else was sent before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Phone } from '../../support/phone.ts';
import type { Sip } from '../../support/sip/message.ts';
import { DOMAIN } from '../corpus/draft.ts';
import type { Failure } from './failure.ts';
import type { Target } from './target.ts';

const MESSAGE_HEADERS: ReadonlySet<string> = new Set(
  'via from to call-id cseq max-forwards date expires content-type content-length contact user-agent'.split(
    ' ',
  ),
);
const NOTIFY_HEADERS: ReadonlySet<string> = new Set([
  ...MESSAGE_HEADERS,
  'event',
  'subscription-state',
  'allow-events',
]);
const BODY = 'Is anybody there?\r\n\r\nNo: answer';
const BUSY_MS = 200;

/** @param patience ms until a stored message and a lamp must be there */
export async function canary(target: Target, patience: number): Promise<Failure | undefined> {
  const options = { server: target.server, domain: DOMAIN };
  const phone = await Phone.start('canary', options);
  const sender = await Phone.start('sender', options);
  try {
    return (await lamp(phone, patience)) ?? (await message(phone, sender, patience));
  } catch (error) {
    return { kind: 'the canary message', seen: String(error) };
  } finally {
    phone.close();
    sender.close();
  }
}

async function message(phone: Phone, sender: Phone, patience: number): Promise<Failure | undefined> {
  const failed = (seen: string): Failure => ({ kind: 'the canary message', seen });
  const limit = performance.now() + patience;
  let stored = await sender.message('canary', BODY);
  // The last inputs may still keep it busy.
  for (; stored.status === 503 && performance.now() < limit; stored = await sender.message('canary', BODY))
    await sleep(BUSY_MS);
  if (stored.status !== 202) return failed(`the MESSAGE got ${stored.start}, wanted is 202`);
  const registered = await phone.register({ expires: 60 });
  if (registered.status !== 200) return failed(`the REGISTER got ${registered.start}`);
  const [first, ...more] = await phone.received(1, patience);
  await phone.unregister();
  if (!first || more.length > 0) return failed(`${more.length + 1} messages came, wanted is one`);
  if (first.body.toString() !== BODY) return failed(`the body is ${JSON.stringify(first.body.toString())}`);
  const wrong = strange(first, MESSAGE_HEADERS);
  return wrong === undefined ? undefined : failed(wrong);
}

async function lamp(phone: Phone, patience: number): Promise<Failure | undefined> {
  const failed = (seen: string): Failure => ({ kind: 'the canary lamp', seen });
  const answer = await phone.request('SUBSCRIBE', `sip:${phone.aor}`, phone.aor, {
    Contact: phone.contact,
    Event: 'message-summary',
    Expires: '0',
  });
  if (answer.status !== 200) return failed(`the SUBSCRIBE got ${answer.start}`);
  const limit = performance.now() + patience;
  while (phone.requests.length === 0) {
    if (performance.now() > limit) return failed(`no NOTIFY came within ${patience} ms`);
    await sleep(10);
  }
  const [notify] = phone.requests;
  const wrong = notify && strange(notify, NOTIFY_HEADERS);
  return wrong === undefined ? undefined : failed(wrong);
}

function strange({ headers }: Sip, wanted: ReadonlySet<string>): string | undefined {
  const names = headers.map(([name]) => name.toLowerCase());
  const name = names.find((one, index) => !wanted.has(one) || names.indexOf(one) !== index);
  return name === undefined
    ? undefined
    : `it has a header ${JSON.stringify(name)} too many: ${names.join(', ')}`;
}
