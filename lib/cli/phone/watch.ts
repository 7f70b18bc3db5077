/** `drachtio-silo watch`: a phone that shows the lamp of a mailbox. */
import { valueOf, type Request } from '../../embedded/text/message.ts';
import { readNameAddr } from '../../embedded/text/uri.ts';
import { parseSummary } from '../../mwi/summary/summary.ts';
import { newCallId, Phone, remoteTagOf } from '../../phone/phone.ts';
import { command, value } from '../frame/command.ts';
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

const EXPIRES = 600;

export const watch = command({
  name: 'watch',
  summary: 'be a phone: show the lamp of a mailbox, now and whenever it changes',
  about: 'Ctrl-C ends it. Each NOTIFY is one line, with --json a line of JSON.',
  args: { mailbox: { shape: '<user@domain>', says: 'whose lamp, such as bob@example.org' } },
  options: {
    as: value('--as <address>', 'who watches; without it, the owner'),
    count: COUNT,
    seconds: SECONDS,
    server: SERVER,
    passwordFile: PASSWORD_FILE,
  },
  examples: [
    ['drachtio-silo watch bob@example.org', 'the lamp of bob, until Ctrl-C'],
    ['drachtio-silo watch bob@example.org --count 1 --seconds 5 --json', 'in a script: as it is now'],
  ],
  exits: {
    [EXIT.done]: 'it was watched, and told as often as --count says',
    [EXIT.failed]: 'there was no answer, or no password',
    [EXIT.no]: 'it was refused, or --seconds were over before --count had come',
  },
  run: async ({ given, out }) => {
    const mailbox = aorOf(given.mailbox);
    const aor = given.as === '' ? mailbox : aorOf(given.as);
    let notifies = 0;
    const onRequest = (request: Request) => {
      if (request.method !== 'NOTIFY') return;
      notifies++;
      print(request, out);
    };
    const password = passwordOf(given.passwordFile, aor);
    const phone = await Phone.open({ server: addressOf(given.server), aor, password, onRequest });
    const callId = newCallId();
    let [uri, toTag]: [string, string | undefined] = [`sip:${mailbox}`, undefined];
    const subscribe = async (expires: number) => {
      const answer = await phone.request({
        method: 'SUBSCRIBE',
        uri,
        to: `sip:${mailbox}`,
        ...(toTag === undefined ? {} : { toTag }),
        callId,
        headers: {
          Contact: phone.contact,
          Event: 'message-summary',
          Accept: 'application/simple-message-summary',
          Expires: String(expires),
        },
      });
      if (answer.status < 300) {
        toTag = remoteTagOf(answer);
        uri = readNameAddr(valueOf(answer, 'contact') ?? '')?.uri ?? uri;
      }
      return answer;
    };
    try {
      const answer = await subscribe(EXPIRES);
      if (answer.status >= 300) return told(answer, refusal(answer.status), out);
      await stay(given.seconds, () => given.count > 0 && notifies >= given.count, {
        again: () => subscribe(EXPIRES),
        every: EXPIRES * 500,
        lost: 'It is not watched any more',
        out,
      });
      const before = notifies;
      await subscribe(0);
      return before < given.count ? EXIT.no : EXIT.done;
    } finally {
      phone.close();
    }
  },
});

function print(request: Request, out: Output): void {
  const state = valueOf(request, 'subscription-state') ?? '';
  if (request.body.length === 0) {
    out.line({ state }, () => `(${state})`);
    return;
  }
  const { waiting, counts } = parseSummary(request.body);
  const classes = [...counts].map(([name, { new: fresh, old }]) => ({ class: name, new: fresh, old }));
  const words = classes.map(({ class: name, new: fresh, old }) => `${name} ${fresh} new, ${old} old`);
  out.line({ waiting, counts: classes, state }, () =>
    [`lamp ${waiting ? out.styled('yellow', 'on') : 'off'}`, ...words].join('; '),
  );
}
