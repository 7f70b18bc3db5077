/** `drachtio-silo register`: a phone that waits for messages and prints them. */
import { valueOf, type Request } from '../../embedded/text/message.ts';
import { readNameAddr } from '../../embedded/text/uri.ts';
import { newCallId, Phone } from '../../phone/phone.ts';
import { command, whole } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import type { Output } from '../frame/output.ts';
import {
  addressOf,
  aorOf,
  COUNT,
  passwordOf,
  PASSWORD_FILE,
  refusal,
  SECONDS,
  SERVER,
  stay,
  told,
} from './common.ts';

export const register = command({
  name: 'register',
  summary: 'be a phone: register, take messages and print them',
  about: 'Ctrl-C ends the registration. Each message is one line, with --json a line of JSON.',
  args: { user: { shape: '<user@domain>', says: 'as whom, such as bob@example.org' } },
  options: {
    expires: whole('--expires <seconds>', 'registered for so long at a time', {
      preset: 300,
      least: 10,
      most: 86_400,
    }),
    count: COUNT,
    seconds: SECONDS,
    server: SERVER,
    passwordFile: PASSWORD_FILE,
  },
  examples: [
    ['drachtio-silo register bob@example.org', 'prints what waits for bob, and what comes'],
    [
      'drachtio-silo register bob@example.org --count 1 --seconds 10 --json',
      'in a script: one message, or ten seconds',
    ],
  ],
  exits: {
    [EXIT.done]: 'it was registered, and got as many as --count says',
    [EXIT.failed]: 'there was no answer, or no password',
    [EXIT.no]: 'it was refused, or --seconds were over before --count had come',
  },
  run: async ({ given, out }) => {
    const aor = aorOf(given.user);
    let messages = 0;
    const onRequest = (request: Request) => {
      if (request.method !== 'MESSAGE') return;
      messages++;
      print(request, out);
    };
    const password = passwordOf(given.passwordFile, aor);
    const phone = await Phone.open({ server: addressOf(given.server), aor, password, onRequest });
    const callId = newCallId();
    const bind = (expires: number) =>
      phone.request({
        method: 'REGISTER',
        uri: `sip:${aor.split('@')[1] ?? ''}`,
        to: `sip:${aor}`,
        callId,
        headers: { Contact: phone.contact, Expires: String(expires) },
      });
    try {
      const answer = await bind(given.expires);
      if (answer.status >= 300) return told(answer, refusal(answer.status), out);
      // Before the note: whoever reads it may press Ctrl-C at once.
      const over = stay(given.seconds, () => given.count > 0 && messages >= given.count, {
        again: () => bind(given.expires),
        every: given.expires * 500,
        lost: 'It is not registered any more',
        out,
      });
      out.note(`${aor} is registered as ${phone.contact}; Ctrl-C ends it.`);
      await over;
      await bind(0);
      return messages < given.count ? EXIT.no : EXIT.done;
    } finally {
      phone.close();
    }
  },
});

function print(request: Request, out: Output): void {
  const from = readNameAddr(valueOf(request, 'from') ?? '')?.uri ?? '';
  const type = valueOf(request, 'content-type') ?? '';
  const date = valueOf(request, 'date') ?? '';
  const text = request.body.toString();
  out.line(
    { from, date, type, callId: valueOf(request, 'call-id') ?? '', text },
    () =>
      // What a stranger wrote must not move the cursor.
      `${from}${date === '' ? '' : `  ${date}`}  ${text.replace(/\s+/g, ' ').replace(/\p{Cc}|\p{Cf}/gu, '\u{fffd}')}`,
  );
}
