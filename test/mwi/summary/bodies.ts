/** Summaries and bodies for the properties: spelled in every legal way, made of pieces of URIs, and mutated. */
import fc from 'fast-check';
import { CONTEXT_CLASSES, MAX_COUNT, type Counts, type Summary } from '../../../lib/mwi/summary/summary.ts';

/** One seed for every run, so that a failure comes back; another with `FC_SEED=<n>`. A failure prints its own. */
export const seed = Number(process.env['FC_SEED'] ?? 3842);

export interface Spelled {
  readonly summary: Summary;
  readonly body: string;
}

const count = fc.oneof({ weight: 4, arbitrary: fc.nat(20) }, fc.nat(MAX_COUNT), fc.constant(MAX_COUNT));
const counts: fc.Arbitrary<Counts> = fc
  .tuple(count, count, fc.option(fc.tuple(fc.nat(3), fc.nat(3)), { nil: undefined }))
  .map(([fresh, old, urgent]) => ({
    new: fresh,
    old,
    ...(urgent && { urgentNew: Math.min(urgent[0], fresh), urgentOld: Math.min(urgent[1], old) }),
  }));
const account = fc.constantFrom(
  'sip:erin@mail.example.net',
  'sips:%2A97@pbx.example.net;transport=tcp',
  'tel:+15551230000',
  'https://mail.example.net/box/17?a=b',
  'sip:[2001:db8::17]:5060;lr?Subject=x[1]',
  'sip:a;b?c/d:e@host.example.;user=`%',
  'im:',
);
const word = fc.constantFrom(
  '"Zoë"',
  '<sip:zoe@example.net>',
  'café',
  '17@vm',
  '😀',
  '1/0',
  '(x);y=z',
  '\u0085',
  'Re:',
);
const header = fc.record(
  {
    name: fc.constantFrom('From', 'Subject', 'Message-ID', "x!%*_+`'~.1"),
    value: fc.array(word, { maxLength: 4 }).map((words) => words.join(' ')),
  },
  { noNullPrototype: true },
);

/** Any summary that can be written. */
export const summaries: fc.Arbitrary<Summary> = fc
  .tuple(
    fc.boolean(),
    fc.option(
      account.filter((uri) => uri !== 'im:'),
      { nil: undefined },
    ),
    fc.uniqueArray(fc.tuple(fc.constantFrom(...CONTEXT_CLASSES), counts), {
      maxLength: 4,
      selector: ([name]) => name,
    }),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      fc.array(fc.array(header, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
    ),
  )
  .map(([waiting, uri, lines, messages]) => ({
    waiting,
    ...(uri !== undefined && { account: uri }),
    counts: new Map(lines),
    messages,
  }));

/** A source of choices that fast-check needs to know by one number only, which keeps 100,000 bodies quick. */
class Dice {
  #state: number;
  constructor(start: number) {
    this.#state = start + 0x9e3779b9;
  }
  below(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  }
  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

const SPACES = ['', '', '', ' ', ' ', ' ', '  ', '\t', '\r\n ', ' \t\r\n\t '];

function spell({ waiting, account: uri, counts: lines, messages }: Summary, dice: Dice): string {
  const space = () => dice.of(SPACES);
  const colon = () => `${dice.of(['', '', '', ' ', '\t '])}:${space()}`;
  const slash = () => `${space()}/${space()}`;
  const cased = (text: string) => dice.of([text, text, text.toLowerCase(), text.toUpperCase()]);
  const digits = (value: number) => `${dice.of(['', '', '', '0', '000'])}${value}`;
  const out = [cased('Messages-Waiting'), colon(), cased(waiting ? 'yes' : 'no'), '\r\n'];
  if (uri !== undefined) out.push(cased('Message-Account'), colon(), uri, '\r\n');
  for (const [name, { new: fresh, old, urgentNew, urgentOld }] of lines) {
    out.push(cased(name), colon(), digits(fresh), slash(), digits(old));
    if (urgentNew !== undefined && urgentOld !== undefined)
      out.push(space(), '(', space(), digits(urgentNew), slash(), digits(urgentOld), space(), ')', space());
    out.push('\r\n');
  }
  for (const headers of messages) {
    out.push('\r\n');
    for (const { name, value } of headers)
      out.push(
        name,
        colon(),
        value.replaceAll(' ', () => dice.of([' ', ' ', '\r\n ', ' \r\n\t'])),
        space(),
        '\r\n',
      );
  }
  return out.join('');
}

/** A summary, and a body that says it in some legal way. */
export const spelled: fc.Arbitrary<Spelled> = fc
  .tuple(summaries, fc.nat())
  .map(([summary, choices]) => ({ summary, body: spell(summary, new Dice(choices)) }));

const HOSTS = [
  'h',
  'a-b.c',
  'a-.c',
  '1.2.3.4',
  '256.1.1.1',
  '01.2.3.4',
  '1.2.3',
  'h.',
  'a..b',
  '-a',
  'x.1',
  '',
];
const IPV6 = ['::', '::1', '1::', '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8:9', '::ffff:1.2.3.4',
  '1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:7:1.2.3.4', '1::2::3', '12345::', ':1', 'fe80::1%1', '::1.2.3', '::01.2.3.4', '1:2:3::4:5:6:7:8']; // prettier-ignore
const URI_PARTS: readonly (readonly string[])[] = [
  [
    '',
    'sip:',
    'sip:',
    'sips:',
    'SIP:',
    'tel:',
    'http://',
    'x+y.z-1:',
    '1x:',
    ':',
    'http:/',
    'sip://',
    'sip:/',
  ],
  ['', '', 'u@', 'u:p@', 'u:@', ':p@', '@', 'u;x=1?y/z@', 'u@v@', '%41@', '%4@', 'u:p/@', 'u&=+$,@', '[u]@'],
  [...HOSTS, ...IPV6.map((address) => `[${address}]`), '[', '::1'],
  ['', '', '', ':5060', ':', ':x', ':5:6'],
  ['', '', ';lr', ';lr;lr', ';', ';a=b', ';a=', ';=b', ';a[=]b', ';transport=a`%', ';user=`', ';method=%', ';x=`', ';maddr=[::1]',
    ';ttl=1', ';a=b=c', ';a=%4g', ';transport=', ';transport=[]', '/p/q;r', '/p[', '//', '/'], // prettier-ignore
  ['', '', '', '?', '?a=b', '?a=[b]&c=', '?a', '?=b', '?a=b&', '?a=b?c', '?a=b&c', '?a=b@', '?q/r?s'],
];

function uri(dice: Dice): string {
  return URI_PARTS.map((parts) => dice.of(parts)).join('');
}

const INSERTS = [' ', '\t', '\r\n', '\r\n ', '\n', '\r', ':', '/', '(', ')', '0', '9', 'a', 'None: 0/1\r\n', '%', '[', ']', '@', '?', ';', ',', '<', '>', '"',
  '\\', '`', 'é', '€', '😀', '\u0080', '\0', '\x7f', '\ud800', '\ufffd', '-1', '4294967296', 'yes', 'no', 'x: y\r\n', '\r\n\r\n', '\ufeff']; // prettier-ignore

function mutate(body: string, dice: Dice): string {
  const at = dice.below(body.length + 1);
  const lines = body.split(/(?<=\n)/);
  const line = dice.below(lines.length);
  switch (dice.below(10)) {
    case 0:
      return body.slice(0, at) + body.slice(at + 1);
    case 1:
    case 2:
      return body.slice(0, at) + dice.of(INSERTS) + body.slice(at);
    case 3:
      return body.slice(0, at) + dice.of(INSERTS) + body.slice(at + 1);
    case 4:
      return body.slice(0, at);
    case 5:
      return lines.toSpliced(line, 1).join('');
    case 6:
      return lines.toSpliced(line, 0, dice.of(lines)).join('');
    case 7:
      return lines.toSpliced(line, 0, `Message-Account: ${uri(dice)}\r\n`).join('');
    case 8:
      return lines.map((text, index) => (index === line ? text.replace('\r', '') : text)).join('');
    default:
      return body.slice(0, at) + body.slice(at, at + dice.below(9)) + body.slice(at);
  }
}

/** A body with one to three faults, or what turns out not to be one. */
const mutated: fc.Arbitrary<string> = fc.tuple(spelled, fc.nat()).map(([{ body }, choices]) => {
  const dice = new Dice(choices);
  let text = body;
  for (let left = dice.of([1, 1, 1, 2, 3]); left > 0; left--) text = mutate(text, dice);
  return text;
});

/** A body whose account is made of pieces of URIs, right and wrong ones. */
const withAccount: fc.Arbitrary<string> = fc
  .nat()
  .map((choices) => `Messages-Waiting: no\r\nMessage-Account: ${uri(new Dice(choices))}\r\n`);

/** All of them. */
export const bodies: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: spelled.map(({ body }) => body) },
  { weight: 5, arbitrary: mutated },
  { weight: 2, arbitrary: withAccount },
);
