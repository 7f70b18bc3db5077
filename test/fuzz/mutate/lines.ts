/** Changes to a message that is still known as start line, header lines and body. */
import type { Chance } from '../../support/load/random.ts';
import type { Draft } from '../corpus/draft.ts';
import { summaryBody } from '../corpus/summaries.ts';
import { BYTE_MUTATIONS, LONGEST } from './bytes.ts';
import { BYTES, FRAGMENTS, LINES, NUMBERS, TYPES, URIS } from './dictionary.ts';

export type DraftMutation = (draft: Draft, chance: Chance) => Draft;

const METHODS = [
  'REGISTER',
  'MESSAGE',
  'SUBSCRIBE',
  'NOTIFY',
  'PUBLISH',
  'OPTIONS',
  'INFO',
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'UPDATE',
  'PRACK',
  'REFER',
  'message',
  'NEWMETHOD',
  'M\xc3\xa9SSAGE',
  '',
] as const;

const COMPACT: Readonly<Record<string, string>> = {
  'call-id': 'i',
  contact: 'm',
  'content-type': 'c',
  event: 'o',
  from: 'f',
  subject: 's',
  supported: 'k',
  to: 't',
  via: 'v',
};

/** Replaces one header line by what `change` makes of it: none, one or several. */
function atLine(draft: Draft, chance: Chance, change: (line: string) => readonly string[]): Draft {
  const at = chance.between(0, draft.lines.length);
  const lines = draft.lines.flatMap((line, index) => (index === at ? change(line) : [line]));
  return { ...draft, lines };
}

/** Name and value of a header line. */
function halves(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}

const inValue = (draft: Draft, chance: Chance, change: (value: string) => string): Draft =>
  atLine(draft, chance, (line) => {
    const [name, value] = halves(line);
    return [`${name}: ${change(value)}`];
  });

/** Puts `what` in a place where something may end: before or after a separator, or at an end. */
function insertAtEdge(value: string, what: string, chance: Chance): string {
  const edges = [0, ...Array.from(value.matchAll(/[;,<>:@="?]/g), ({ index }) => index), value.length];
  const at = edges[chance.between(0, edges.length)] ?? 0;
  const behind = chance.between(0, 2);
  return value.slice(0, at + behind) + what + value.slice(at + behind);
}

const URI = /\b(?:sips?|tel):[^\s<>"]*/gi;

function oneOf(text: string, pattern: RegExp, chance: Chance, instead: string): string {
  const found = [...text.matchAll(pattern)];
  const match = found[chance.between(0, found.length)];
  if (match === undefined) return text;
  return text.slice(0, match.index) + instead + text.slice(match.index + match[0].length);
}

export const DRAFT_MUTATIONS: Readonly<Record<string, DraftMutation>> = {
  'leave a header out': (draft, chance) => atLine(draft, chance, () => []),
  'double a header': (draft, chance) => atLine(draft, chance, (line) => [line, line]),
  'a header in the place of another': (draft, chance) => {
    const other = draft.lines[chance.between(0, draft.lines.length)] ?? '';
    return atLine(draft, chance, () => [other]);
  },
  'a value under another name': (draft, chance) => {
    const [name] = halves(draft.lines[chance.between(0, draft.lines.length)] ?? '');
    return atLine(draft, chance, (line) => [`${name}: ${halves(line)[1]}`]);
  },
  'another order': (draft, chance) => {
    const lines = [...draft.lines];
    const [line = ''] = lines.splice(chance.between(0, lines.length), 1);
    lines.splice(chance.between(0, lines.length + 1), 0, line);
    return { ...draft, lines };
  },
  'a compact name': (draft, chance) =>
    atLine(draft, chance, (line) => {
      const [name, value] = halves(line);
      return [`${COMPACT[name.toLowerCase()] ?? name.toLowerCase()}:${value}`];
    }),
  'both names of a header': (draft, chance) =>
    atLine(draft, chance, (line) => {
      const [name, value] = halves(line);
      return [line, `${COMPACT[name.toLowerCase()] ?? name.toUpperCase()}: ${value}`];
    }),
  'odd case and blanks': (draft, chance) =>
    atLine(draft, chance, (line) => {
      const [name, value] = halves(line);
      return [`${name.toUpperCase()} \t:  ${value}  `];
    }),
  'a folded value': (draft, chance) => inValue(draft, chance, (value) => value.replace(/[ ;]/, '\r\n $&')),
  'an empty value': (draft, chance) => inValue(draft, chance, () => ''),
  'a fragment at an edge': (draft, chance) =>
    inValue(draft, chance, (value) => insertAtEdge(value, chance.pick(FRAGMENTS), chance)),
  'a byte at an edge': (draft, chance) =>
    inValue(draft, chance, (value) => insertAtEdge(value, chance.pick(BYTES), chance)),
  'a fragment for a value': (draft, chance) => inValue(draft, chance, () => chance.pick(FRAGMENTS)),
  'another number': (draft, chance) =>
    inValue(draft, chance, (value) => oneOf(value, /\d+/g, chance, chance.pick(NUMBERS))),
  'another URI': (draft, chance) =>
    inValue(draft, chance, (value) => oneOf(value, URI, chance, chance.pick(URIS))),
  'a fragment in a URI': (draft, chance) =>
    inValue(draft, chance, (value) =>
      value.replace(URI, (uri) => insertAtEdge(uri, chance.pick(FRAGMENTS), chance)),
    ),
  'a URI without brackets': (draft, chance) => inValue(draft, chance, (value) => value.replace(/[<>]/g, '')),
  'a list of many': (draft, chance) =>
    inValue(draft, chance, (value) => `${value}, `.repeat(chance.pick([2, 10, 200])).slice(0, 8_000)),
  'a long value': (draft, chance) =>
    inValue(draft, chance, (value) => `${value};x=${'y'.repeat(chance.pick([300, 4_000, 8_300, 20_000]))}`),
  'one line more': (draft, chance) => {
    const lines = [...draft.lines];
    lines.splice(chance.between(0, lines.length + 1), 0, chance.pick(LINES));
    return { ...draft, lines };
  },
  'two lines more': (draft, chance) => ({
    ...draft,
    lines: [...draft.lines, chance.pick(LINES), chance.pick(LINES)],
  }),
  'a To tag': (draft) => ({
    ...draft,
    lines: draft.lines.map((line) => (/^To:/i.test(line) ? `${line};tag=t{nr}` : line)),
  }),
  'another Request-URI': (draft, chance) => ({
    ...draft,
    start: draft.start.replace(/ .* /, ` ${chance.pick(URIS)} `),
  }),
  'another method': (draft, chance) => {
    const method = chance.pick(METHODS);
    return {
      ...draft,
      start: draft.start.replace(/^\S*/, method),
      lines: draft.lines.map((line) => (/^CSeq:/i.test(line) ? line.replace(/\S*$/, method) : line)),
    };
  },
  'another method in the start line': (draft, chance) => ({
    ...draft,
    start: draft.start.replace(/^\S*/, chance.pick(METHODS)),
  }),
  'a damaged start line': (draft, chance) => ({
    ...draft,
    start: chance.pick([
      draft.start.replace('SIP/2.0', 'SIP/7.0'),
      draft.start.replace('SIP/2.0', 'sip/2.0'),
      draft.start.replace('SIP/2.0', 'HTTP/1.1'),
      draft.start.replaceAll(' ', '  '),
      draft.start.replaceAll(' ', '\t'),
      ` ${draft.start} `,
      'SIP/2.0 200 OK',
      'SIP/2.0 99 No',
      '',
    ]),
  }),
  'another body': (draft, chance) => ({
    ...draft,
    body: chance.pick([
      '',
      summaryBody(chance),
      '\0',
      '\xff\xfe\0h\0i',
      '\xef\xbb\xbfhello',
      '\r\n\r\n',
      'x'.repeat(chance.pick([1_300, 4_000, 8_300, 12_500, 30_000])),
      '\xe2\x82\xac'.repeat(4_000),
      'a:b\r\n'.repeat(2_000),
    ]),
  }),
  'noise in the body': (draft, chance) => {
    const names = Object.keys(BYTE_MUTATIONS) as [string, ...string[]];
    const mutate = BYTE_MUTATIONS[chance.pick(names)];
    return { ...draft, body: mutate?.(draft.body, chance).slice(0, LONGEST) ?? '' };
  },
  'another Content-Type': (draft, chance) => ({
    ...draft,
    lines: [
      ...draft.lines.filter((line) => !/^Content-Type:/i.test(line)),
      `Content-Type: ${chance.pick(TYPES)}`,
    ],
  }),
  'another Content-Length': (draft, chance) => ({ ...draft, length: chance.pick([...NUMBERS, 'none']) }),
};
