/**
 * `npm run demo`: a story with the real application and two scripted phones, told as a SIP ladder. Bob is away, Alice
 * writes, his lamp goes on, the application crashes, Bob comes back, his lamp goes off. Ends with 0 only if every message
 * arrived, once and in order, and the lamp always told the truth.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createLadder } from './ladder.ts';
import { startApp } from '../test/support/app.ts';
import { LampPhone, stateOf } from '../test/support/lamp-phone.ts';
import { Phone } from '../test/support/phone.ts';
import type { Sip } from '../test/support/sip/message.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';

/** What Bob's lamp may tell, NOTIFY by NOTIFY: of several changes within a second only the last is told. */
const LAMP = /^0,(1,)?(2,)?3,3,3,(2,)?(1,)?0,1,0$/;
const OK = { status: 200, reason: 'OK' };
const BUSY = { status: 486, reason: 'Busy Here' };

const ladder = createLadder(['alice', 'silo', 'bob'], (line) => console.log(line));
const folder = temporaryFolder('drachtio-silo-demo');
const env = { SILO_STORE: `sqlite:${join(folder.path, 'silo.db')}` };
let app = await startApp(env);
const { server } = app;
const options = { server, domain: server.host, react: () => OK, watch };
const [alice, lamp] = [await Phone.start('alice', options), await LampPhone.start('bob', options)];
const bob = lamp.phone;
/** Asks for answers that the story does not tell of. */
const stagehand = await Phone.start('stagehand', { server });

try {
  await story();
  const counts = lamp.notifies.map(waiting).join(', ');
  ladder.end(
    `All 5 messages arrived, each taken once, in the order in which they were accepted.\nBob's lamp said how many waited: ${counts}.`,
    'green',
  );
} catch (error) {
  ladder.end(`The story went wrong: ${error instanceof Error ? error.message : String(error)}.`, 'red');
  process.exitCode = 1;
} finally {
  alice.close();
  bob.close();
  stagehand.close();
  await app.process.stop();
  folder.remove();
}

async function story(): Promise<void> {
  ladder.chapter(
    "1. Bob's phone watches his mailbox, but is not registered. Nothing waits: its lamp is dark.",
  );
  wants((await lamp.subscribe()).answer, 200);
  await lampSays(0);
  await moment();

  ladder.chapter('2. Alice writes to him: 202 says that the message is on disk. The lamp goes on.');
  const offline = ['Are you there?', 'Lunch at noon?', 'Table outside.'];
  for (const text of offline) wants(await alice.message('bob', text), 202);
  await lampSays(3);

  ladder.chapter(
    '3. The application crashes and comes back. Nobody needs to write again; the phone subscribes anew.',
  );
  app.process.kill('SIGKILL');
  await app.process.exited;
  app = await startApp(env, server.port);
  ladder.note('killed with SIGKILL, started again on the same file');
  await lamp.sees((notify) => stateOf(notify).startsWith('terminated'));
  wants((await lamp.subscribe()).answer, 200);
  await lampSays(3);
  await moment();

  ladder.chapter('4. Bob registers. What waited comes at once, in order, one at a time. The lamp goes off.');
  wants(await bob.register(), 200);
  await bob.received(3);
  await lampSays(0);
  await moment();

  ladder.chapter('5. Bob is here now, so a message goes straight through: 200 comes from his phone.');
  wants(await alice.message('bob', 'Coming?'), 200);
  await moment();

  ladder.chapter("6. Bob's phone is busy. The message is kept, and Alice gets 202 and not the 486.");
  bob.react = ({ method }) => (method === 'MESSAGE' ? BUSY : OK);
  wants(await alice.message('bob', 'Soup gets cold!'), 202);
  await lampSays(1);
  await moment();

  ladder.chapter('7. Bob refreshes his registration, and has it.');
  bob.react = () => OK;
  wants(await bob.register(), 200);
  // Four that he took, one that he refused, and the same one again.
  await bob.received(6);
  await lampSays(0);
  await moment();

  const expected = [...offline, 'Coming?', 'Soup gets cold!', 'Soup gets cold!'];
  if (!isDeepStrictEqual(bob.texts, expected))
    throw new Error(`Bob's phone got ${JSON.stringify(bob.texts)}`);
  const told = lamp.notifies.map(waiting).join();
  if (!LAMP.test(told)) throw new Error(`Bob's lamp said ${told}`);
}

/** Resolves when the lamp says so in a subscription that is alive. */
async function lampSays(count: number): Promise<void> {
  const says = () => {
    const last = lamp.notifies.at(-1);
    return last !== undefined && stateOf(last).startsWith('active') && waiting(last) === String(count);
  };
  await bob.until(says, () => `no NOTIFY that ${count} wait came`);
}

/** How many new messages a NOTIFY tells of, or its body if that says something else. */
function waiting({ text }: Sip): string {
  if (text === 'Messages-Waiting: no\r\n') return '0';
  return (
    /^Messages-Waiting: yes\r\nPager-Message: (\d+)\/0 \(0\/0\)\r\n$/.exec(text)?.[1] ?? JSON.stringify(text)
  );
}

/** For the reader, if there is one; and the application has noted the last answer of the phone: it has served another one. */
async function moment(): Promise<void> {
  await stagehand.heard();
  if (process.stdout.isTTY) await sleep(1_000);
}

function wants({ status, reason }: Sip, wanted: number): void {
  if (status !== wanted) throw new Error(`the answer was ${status} ${reason}, wanted was ${wanted}`);
}

/** Each phone's view of the wire, as an arrow between it and the silo. */
function watch(direction: 'sent' | 'received', message: Sip, phone: Phone): void {
  const [from, to] = direction === 'sent' ? [phone.name, 'silo'] : ['silo', phone.name];
  const { method, status, reason, text } = message;
  if (status > 0) ladder.arrow(from, to, `${status} ${reason}`, status < 300 ? 'green' : 'yellow');
  else if (method === 'NOTIFY') {
    const [summary = '', ...counts] = text.trimEnd().split('\r\n');
    const state = stateOf(message);
    const content = [...counts, ...(state.startsWith('terminated') ? [state] : [])];
    ladder.arrow(from, to, `NOTIFY ${summary}`, 'magenta', content);
  } else ladder.arrow(from, to, text === '' ? method : `${method} "${text}"`, 'cyan');
}
