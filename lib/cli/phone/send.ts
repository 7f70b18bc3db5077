/** `drachtio-silo send`: one MESSAGE, and what its answer means. */
import { Phone } from '../../phone/phone.ts';
import { command, usage, value } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import { addressOf, aorOf, passwordOf, PASSWORD_FILE, refusal, SERVER, told } from './common.ts';

export const send = command({
  name: 'send',
  summary: 'send a MESSAGE, as a phone would, and say what the answer means',
  args: { text: { shape: '<text>', says: 'what to write' } },
  options: {
    to: value('--to <address>', 'to whom, such as bob@example.org'),
    from: value('--from <address>', 'in whose name'),
    type: value('--type <type>', 'Content-Type of the text', 'text/plain;charset=utf-8'),
    server: SERVER,
    passwordFile: PASSWORD_FILE,
  },
  examples: [
    [
      "drachtio-silo send --from alice@example.org --to bob@example.org 'Hello'",
      'bob gets it now, or when he registers',
    ],
  ],
  exits: {
    [EXIT.done]: 'it was taken: delivered (200) or stored (202)',
    [EXIT.failed]: 'there was no answer, or no password',
    [EXIT.no]: 'it was refused',
  },
  run: async ({ given, out }) => {
    if (given.to === '' || given.from === '')
      throw usage('send needs --to and --from, such as bob@example.org');
    const [to, from] = [aorOf(given.to), aorOf(given.from)];
    const password = passwordOf(given.passwordFile, from);
    const phone = await Phone.open({ server: addressOf(given.server), aor: from, password });
    try {
      const answer = await phone.request({
        method: 'MESSAGE',
        uri: `sip:${to}`,
        to: `sip:${to}`,
        headers: { 'Content-Type': given.type },
        body: Buffer.from(given.text),
      });
      return told(answer, meaningOf(answer.status), out);
    } finally {
      phone.close();
    }
  },
});

function meaningOf(status: number): string {
  if (status === 202) return 'stored; it is sent when its recipient registers';
  if (status < 300) return 'delivered to a device, right now';
  return refusal(status);
}
