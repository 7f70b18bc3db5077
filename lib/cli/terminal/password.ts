/** A password: asked for on a terminal, twice and unseen; else the first line of standard input. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { SiloError } from '../../base/errors.ts';

/** Bytes of standard input that are looked at: enough for any password. */
const MOST = 4_096;

/** @throws SiloError `SILO_USAGE` when there is none */
export async function readPassword(who: string): Promise<string> {
  const password = process.stdin.isTTY ? await askedTwice(who) : await firstLine();
  if (password === '')
    throw refused('there is no password: wanted is one on the terminal, or a line on standard input');
  return password;
}

/** A password that somebody has: asked for once. */
export async function readPasswordOnce(who: string): Promise<string> {
  const password = process.stdin.isTTY
    ? await asked((ask) => ask(`Password for ${who}: `))
    : await firstLine();
  if (password === '')
    throw refused(
      `a password is wanted of ${who}, and there is none: name a file of it, or give it on standard input`,
    );
  return password;
}

type Ask = (question: string) => Promise<string>;

function askedTwice(who: string): Promise<string> {
  return asked(async (ask) => {
    const first = await ask(`Password for ${who}: `);
    if (first !== (await ask('Once more: '))) throw refused('the two passwords differ: nothing was changed');
    return first;
  });
}

async function asked(questions: (ask: Ask) => Promise<string>): Promise<string> {
  // What readline would echo goes nowhere. The terminal itself shows nothing from here on, so the question comes after it.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  const ask = async (question: string): Promise<string> => {
    process.stderr.write(question);
    const answer = await new Promise<string>((resolve, reject) => {
      // Ctrl-C and Ctrl-D.
      terminal.once('close', () => reject(refused('no password was given: nothing was changed')));
      terminal.question('').then(resolve, reject);
    });
    process.stderr.write('\n');
    return answer;
  };
  try {
    return await questions(ask);
  } finally {
    terminal.close();
  }
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes('\n') || text.length > MOST) break;
  }
  if (text.length > MOST)
    throw refused(`standard input has more than ${MOST} characters before its first line ends`);
  return text.replace(/\r?\n[^]*$/, '');
}

function refused(why: string): SiloError {
  return new SiloError('SILO_USAGE', `${why}.`);
}
