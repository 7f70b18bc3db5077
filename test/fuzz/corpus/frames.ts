/** What an application says on the wire port of the front end, without the length before it. */
/** To whom they write. */
export const FRAME_USER = 'frame';
const ID = '00000000-0000-4000-8000-0000000{nr}';

const sip = (tokens: string, head: readonly string[], body = ''): string =>
  `${ID}|sip|${tokens}\r\n${head.join('\r\n')}\r\n\r\n${body}`;

/** None of them asks for a method that the tests use: an application that answers nothing would starve the senders. */
export const FRAMES = [
  `${ID}|ping`,
  `${ID}|route|bye`,
  `${ID}|remove_route|bye`,
  `${ID}|proxy|x|remainInDialog|full|followRedirects|simultaneous|provisionalTimeout|finalTimeout|destinations`,
  sip(
    '||',
    ['MESSAGE sip:frame@{peer} SIP/2.0', 'To: <sip:frame@{peer}>', 'Content-Type: text/plain'],
    'hello',
  ),
  sip('||', [
    'MESSAGE sip:frame@{peer};transport=tcp SIP/2.0',
    'From: <sip:x@localhost>;tag=1',
    'To: <sip:frame@{peer}>',
  ]),
  sip('|||sip:{peer};lr', [
    'MESSAGE sip:frame@fuzz.invalid?Route=%3Csip:{peer}%3E SIP/2.0',
    'Contact: <sip:x@localhost>',
  ]),
  sip('||', [
    'SUBSCRIBE sip:frame@{peer} SIP/2.0',
    'Event: message-summary',
    'Expires: 5',
    'Contact: <sip:x@localhost>',
  ]),
  sip('||', ['OPTIONS sip:frame@{peer} SIP/2.0', 'CSeq: 5 OPTIONS', 'Call-ID: {run}w{nr}']),
  sip('||{run}n{nr};from-tag=f{nr}', [
    'NOTIFY sip:placeholder SIP/2.0',
    'Subscription-State: active',
    'Event: message-summary',
  ]),
  sip('00000000-0000-4000-8000-000000000001||', ['SIP/2.0 200 OK', 'Contact: <sip:x@localhost>']),
  sip('|', ['SIP/2.0 200 OK']),
  sip('00000000-0000-4000-8000-000000000001|', ['CANCEL sip:frame@{peer} SIP/2.0']),
] as const;
