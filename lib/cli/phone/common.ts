/** What the commands of the test phone have in common. */
import { readAddress, type Address } from '../../embedded/text/address.ts';
import type { Response } from '../../embedded/text/message.ts';
import { textOf } from '../../base/errors.ts';
import { readSecret } from '../../base/secrets.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { readPasswordOnce } from '../terminal/password.ts';
import { usage, value, whole } from '../frame/command.ts';
import { EXIT, type Exit } from '../frame/exit.ts';
import type { Output } from '../frame/output.ts';

export const SERVER = value(
  '--server <host:port>',
  'where the server listens for SIP over UDP',
  '127.0.0.1:5060',
);
export const PASSWORD_FILE = value(
  '--password-file <file>',
  'a file with the password, should the server want one; without it a prompt asks, or it is the first line of standard input',
);
export const SECONDS = whole('--seconds <n>', 'end after so many; 0: with Ctrl-C', {
  preset: 0,
  least: 0,
  most: 86_400,
});
export const COUNT = whole('--count <n>', 'end after so many; 0: with Ctrl-C', {
  preset: 0,
  least: 0,
  most: 1_000_000,
});

/** Pause between two looks, ms. */
const LOOK = 20;

/** `sip:bob@example.org` or without the scheme. */
export function aorOf(text: string): string {
  const aor = text.replace(/^sip:/i, '');
  if (!/^[^@\s<>"]+@[^@\s<>";?]+$/.test(aor))
    throw usage(`${JSON.stringify(text)} is no address: wanted is one such as bob@example.org`);
  return aor;
}

export function addressOf(server: string): Address {
  return readAddress(server, '--server');
}

export function passwordOf(file: string, who: string): () => Promise<string> {
  return () => (file === '' ? readPasswordOnce(who) : Promise.resolve(readSecret(file, '--password-file')));
}

/** The answer of the server and what it means: the exit code says whether it was yes. */
export function told({ status, reason }: Response, means: string, out: Output): Exit {
  out.answer({ status, reason, means }, () => `${status} ${reason}${means === '' ? '' : `: ${means}`}`);
  return status < 300 ? EXIT.done : EXIT.no;
}

/** What refusals mean, whatever was asked; '' for what the reason phrase says. */
export function refusal(status: number): string {
  return (
    REFUSALS[status] ??
    (status >= 500 ? 'the server can not do it now, or has a fault: its log says more' : '')
  );
}

const REFUSALS: Readonly<Record<number, string>> = {
  401: 'the password is wrong, or there is no such user (drachtio-silo user list)',
  403: 'this address may not do that in this name',
  404: 'that domain is not served here (SILO_DOMAINS)',
  407: 'the password is wrong, or there is no such user (drachtio-silo user list)',
  413: 'it is too large',
  415: 'content of this type is not taken',
  480: 'nobody is there, and it was not stored; or this address asks too much',
  489: 'this server knows no lamps',
  503: 'the database is away, the node stops, or this address asks too much: try again later',
};

interface Keeping {
  /** Asks for the same again. */
  readonly again: () => Promise<Response>;
  /** ms between two of these. */
  readonly every: number;
  /** What is so when that is refused. */
  readonly lost: string;
  readonly out: Output;
}

/** Until so many have come, so many seconds are over, or somebody presses Ctrl-C; what it has at the server is kept meanwhile. */
export function stay(
  seconds: number,
  isDone: () => boolean,
  { again, every, lost, out }: Keeping,
): Promise<void> {
  const timer = setInterval(() => {
    again().then(
      ({ status, reason }) => {
        if (status >= 300) out.note(`${lost}: ${status} ${reason}.`);
      },
      (error: unknown) => out.note(textOf(error)),
    );
  }, every);
  return untilDone(seconds, isDone).finally(() => clearInterval(timer));
}

function untilDone(seconds: number, isDone: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearInterval(look);
      clearTimeout(limit);
      interrupt.end();
      resolve();
    };
    const interrupt = onInterrupt(end);
    const look = setInterval(() => {
      if (isDone()) end();
    }, LOOK);
    const limit = seconds === 0 ? undefined : setTimeout(end, seconds * 1_000);
  });
}
