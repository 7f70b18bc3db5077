/** Bodies of message-summary (RFC 3842 5.2): sound ones, and such as were seen in the field. */
import type { Chance } from '../../support/load/random.ts';

const BODIES = [
  'Messages-Waiting: yes\r\nMessage-Account: sip:alice@fuzz.invalid\r\nVoice-Message: 2/8 (0/2)\r\n',
  'Messages-Waiting: no\r\n',
  'Messages-Waiting: yes\r\nVoice-Message: 4/1\r\nFax-Message: 1/2 (1/0)\r\nNone: 0/0 (0/0)\r\n\r\n' +
    'To: <sip:alice@fuzz.invalid>\r\nFrom: <sip:bob@fuzz.invalid>\r\nSubject: carpool\r\n tomorrow\r\nPriority: normal\r\n',
  'messages-waiting:yes\nvoice-message:1/0',
  'Messages-Waiting: yes\r\nMessage-Account: jon@fuzz.invalid\r\nVoice-Message: 2/1 (1/1)\r\n',
  'Messages-Waiting: yes\r\nMessage-Account: "Voice Mail" <sip:555@fuzz.invalid>\r\nText-Message: 4294967295/0\r\n',
  'Messages-Waiting: yes\r\nVoice-Message: 99999999999/1 (5/9)\r\nX-Vendor-Message: 1/1\r\n',
  'Messages-Waiting : yes \r\n Voice-Message: 1/1\r\n',
  'Messages-Waiting: maybe\r\n',
  '',
] as const;

export function summaryBody(chance: Chance): string {
  return chance.pick(BODIES);
}
