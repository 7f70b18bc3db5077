/**
 * `npm run demo`: a story with the real application and two scripted phones, told as a SIP ladder. Bob is away, Alice
 * writes, the application crashes, Bob comes back. Ends with 0 only if every message arrived, once and in order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { startApplication } from './demo/application.ts';
import { createLadder } from './demo/ladder.ts';
import { Phone, type SipText } from './demo/phone.ts';

const ladder = createLadder(['alice', 'silo', 'bob'], (line) => console.log(line));
const application = await startApplication();
const options = { server: application.server, watch };
const [alice, bob] = [await Phone.start('alice', options), await Phone.start('bob', options)];

try {
  await story();
  ladder.end('All 5 messages arrived, each taken once, in the order in which they were accepted.', 'green');
} catch (error) {
  ladder.end(`The story went wrong: ${error instanceof Error ? error.message : String(error)}.`, 'red');
  process.exitCode = 1;
} finally {
  alice.close();
  bob.close();
  await application.stop();
}

async function story(): Promise<void> {
  ladder.chapter('1. Bob is not registered. Alice writes to him: 202 says that the message is on disk.');
  const offline = ['Are you there?', 'Lunch at noon?', 'Table outside.'];
  for (const text of offline) wants(await alice.message('bob', text), 202);

  ladder.chapter('2. The application crashes and comes back. Nobody needs to send anything again.');
  await application.crash();
  ladder.note('killed with SIGKILL, started again on the same file');

  ladder.chapter('3. Bob registers. What waited comes at once, in order, one at a time.');
  wants(await bob.register(), 200);
  await bob.received('MESSAGE', 3);
  await moment();

  ladder.chapter('4. Bob is here now, so a message goes straight through: 200 comes from his phone.');
  wants(await alice.message('bob', 'Coming?'), 200);
  await moment();

  ladder.chapter("5. Bob's phone is busy. The message is kept, and Alice gets 202 and not the 486.");
  bob.react = () => ({ status: 486, reason: 'Busy Here' });
  wants(await alice.message('bob', 'Soup gets cold!'), 202);

  ladder.chapter('6. Bob refreshes his registration, and has it.');
  bob.react = () => ({ status: 200, reason: 'OK' });
  wants(await bob.register(), 200);
  // Four that he took, one that he refused, and the same one again.
  await bob.received('MESSAGE', 6);

  const arrived = bob.requests.filter((request) => request.method === 'MESSAGE').map(({ body }) => body);
  const expected = [...offline, 'Coming?', 'Soup gets cold!', 'Soup gets cold!'];
  if (!isDeepStrictEqual(arrived, expected)) throw new Error(`Bob's phone got ${JSON.stringify(arrived)}`);
}

/** For the reader, and for the silo to note that the last answer of the phone has ended its box. */
function moment(): Promise<void> {
  return sleep(1_000);
}

function wants({ status, reason }: SipText, wanted: number): void {
  if (status !== wanted) throw new Error(`the answer was ${status} ${reason}, wanted was ${wanted}`);
}

/** Each phone's view of the wire, as an arrow between it and the silo. */
function watch(direction: 'sent' | 'received', message: SipText, phone: Phone): void {
  const [from, to] = direction === 'sent' ? [phone.name, 'silo'] : ['silo', phone.name];
  const { method, status, reason, body } = message;
  if (status > 0) ladder.arrow(from, to, `${status} ${reason}`, status < 300 ? 'green' : 'yellow');
  else ladder.arrow(from, to, body === '' ? method : `${method} "${body}"`, 'cyan');
}
