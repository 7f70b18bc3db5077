/** Well-formed requests of every kind that is served here, to begin with. */
import type { Chance } from '../../support/load/random.ts';
import { DOMAIN, request, type Draft } from './draft.ts';
import { summaryBody } from './summaries.ts';

type Seed = (chance: Chance) => Draft;

/** Few users, so that what one input leaves behind meets the next one. */
const USERS = 40;
const user = (chance: Chance) => `u${chance.between(0, USERS)}@${DOMAIN}`;
const contact = (chance: Chance) => `<sip:u${chance.between(0, USERS)}@{peer}>`;

const register = (chance: Chance, headers: readonly string[]): Draft => {
  const aor = user(chance);
  return request({ method: 'REGISTER', uri: `sip:${DOMAIN}`, from: aor, to: aor, headers });
};

const message = (chance: Chance, headers: readonly string[], body: string): Draft =>
  request({ method: 'MESSAGE', from: user(chance), to: user(chance), headers, body });

const watch = (chance: Chance, headers: readonly string[] = []): Draft => {
  const aor = user(chance);
  return request({
    method: 'SUBSCRIBE',
    from: aor,
    to: aor,
    headers: [`Contact: ${contact(chance)}`, 'Event: message-summary', ...headers],
  });
};

const CPIM =
  'From: <sip:s@fuzz.invalid>\r\nTo: <sip:u@fuzz.invalid>\r\nDateTime: 2026-11-28T10:00:00Z\r\n' +
  'NS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: m{nr}\r\n' +
  'imdn.Disposition-Notification: positive-delivery, negative-delivery, storage\r\n\r\n' +
  'Content-Type: text/plain\r\n\r\nhello';

const IMDN =
  'From: <sip:u@fuzz.invalid>\r\nTo: <sip:s@fuzz.invalid>\r\nNS: imdn <urn:ietf:params:imdn>\r\n\r\n' +
  'Content-Type: message/imdn+xml\r\n\r\n<imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>m1</message-id></imdn>';

/** What phones say, by name. */
export const REQUESTS: Readonly<Record<string, Seed>> = {
  register: (chance) => register(chance, [`Contact: ${contact(chance)}`, 'Expires: 60']),
  'register-many': (chance) =>
    register(chance, [
      `Contact: ${contact(chance)};q=0.5;expires=30, "A, \\"B\\"" ${contact(chance)};methods="MESSAGE, OPTIONS"`,
      'Allow: MESSAGE, OPTIONS',
      'Expires: 60',
    ]),
  'register-outbound': (chance) =>
    register(chance, [
      `Contact: ${contact(chance)};reg-id=1;+sip.instance="<urn:uuid:00000000-0000-1000-8000-00000000000${chance.between(0, 9)}>"`,
      'Supported: path, outbound, gruu',
      'Path: <sip:edge@{peer};lr;ob>',
      'Expires: 60',
    ]),
  'register-clear': (chance) => register(chance, ['Contact: *', 'Expires: 0']),
  'register-query': (chance) => register(chance, []),
  'register-tel': (chance) => register(chance, ['Contact: <tel:+4930123456>', 'Expires: 60']),
  message: (chance) => message(chance, ['Content-Type: text/plain'], 'hello {nr}'),
  'message-utf8': (chance) =>
    message(
      chance,
      [
        'Content-Type: text/plain;charset=utf-8',
        'Subject: gr\u00c3\u00bc\u00c3\u009fe',
        'Date: Sat, 28 Nov 2026 10:00:00 GMT',
      ],
      'gr\u00c3\u00bc\u00c3\u009fe \u00f0\u009f\u0099\u0082',
    ),
  'message-headers': (chance) =>
    message(
      chance,
      [
        'Content-Type: text/html; charset="utf-8"',
        'Expires: 60',
        `Contact: ${contact(chance)}`,
        'P-Asserted-Identity: "A" <sip:a@fuzz.invalid>, <tel:+4930123>',
        'Privacy: none',
        'User-Agent: fuzz/1.0 (x; y)',
        'Reply-To: <sip:r@fuzz.invalid>',
        'In-Reply-To: a@b, c@d',
        'X-Own: 1',
        'X-Own: 2',
      ],
      '<p>hello</p>',
    ),
  'message-cpim': (chance) => message(chance, ['Content-Type: message/cpim'], CPIM),
  'message-receipt': (chance) => message(chance, ['Content-Type: message/cpim'], IMDN),
  'message-composing': (chance) =>
    message(
      chance,
      ['Content-Type: application/im-iscomposing+xml'],
      '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>',
    ),
  'message-now': (chance) => message(chance, ['Content-Type: text/plain', 'Expires: 0'], 'now or never'),
  'message-large': (chance) =>
    message(chance, ['Content-Type: text/plain'], 'x'.repeat(chance.between(500, 20_000))),
  subscribe: (chance) =>
    watch(chance, ['Expires: 60', 'Accept: application/simple-message-summary', 'Allow: NOTIFY']),
  'subscribe-routed': (chance) => watch(chance, ['Record-Route: <sip:{peer};lr>', 'Expires: 60']),
  'subscribe-fetch': (chance) => watch(chance, ['Expires: 0']),
  'subscribe-other': (chance) =>
    request({
      method: 'SUBSCRIBE',
      to: user(chance),
      headers: [`Contact: ${contact(chance)}`, 'Event: presence;id=7', 'Expires: 60'],
    }),
  publish: (chance) => {
    const aor = user(chance);
    return request({
      method: 'PUBLISH',
      from: aor,
      to: aor,
      headers: ['Event: message-summary', 'Expires: 60', 'Content-Type: application/simple-message-summary'],
      body: summaryBody(chance),
    });
  },
  'publish-refresh': (chance) => {
    const aor = user(chance);
    return request({
      method: 'PUBLISH',
      from: aor,
      to: aor,
      headers: ['Event: message-summary', 'Expires: 60', 'SIP-If-Match: dx200xyz'],
    });
  },
  options: (chance) =>
    request({ method: 'OPTIONS', to: user(chance), headers: ['Accept: application/sdp', 'Max-Breadth: 60'] }),
  notify: (chance) =>
    request({
      method: 'NOTIFY',
      to: user(chance),
      headers: [
        'Event: message-summary',
        'Subscription-State: active;expires=60',
        `Contact: ${contact(chance)}`,
      ],
      body: 'Messages-Waiting: no\r\n',
    }),
  info: (chance) => request({ method: 'INFO', to: user(chance), headers: ['Info-Package: x'] }),
};
