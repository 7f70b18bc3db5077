/** Who may what, case by case: the one table of decisions. */
import { describe, expect, test } from 'vitest';
import { authorise, authoriseWay } from '../../lib/auth/authorise.ts';
import type { Identity } from '../../lib/auth/identity.ts';
import { createPublishers, createWatchers } from '../../lib/auth/lamp-rules.ts';
import { SiloError } from '../../lib/base/errors.ts';

const BOB = 'bob@example.org';
const ALICE = 'alice@example.org';
const digest: Identity = { kind: 'digest', aor: BOB };
const asserted: Identity = { kind: 'asserted', aor: BOB, hop: '192.0.2.1' };
const unnamed: Identity = { kind: 'asserted', aor: undefined, hop: '192.0.2.1' };
const network: Identity = { kind: 'network', aor: BOB, hop: '192.0.2.1' };
const server: Identity = { kind: 'network', aor: undefined, hop: '192.0.2.1' };
const nobody: Identity = { kind: 'nobody' };

/** '' when it may, else the sentence. */
function asked(ask: () => void): string {
  try {
    ask();
    return '';
  } catch (error) {
    if (error instanceof SiloError && error.status === 403) return error.message;
    throw error;
  }
}

describe('REGISTER', () => {
  test.each<[string, Identity, string, string, string]>([
    ['its own address', digest, BOB, BOB, ''],
    [
      'that of somebody else',
      digest,
      ALICE,
      ALICE,
      `You are ${BOB} and may register yourself, not ${ALICE}.`,
    ],
    [
      'for a third party',
      digest,
      BOB,
      ALICE,
      `From ${ALICE} registers ${BOB}: a third party may only through`,
    ],
    ['in the name of somebody else', digest, ALICE, BOB, `From ${BOB} registers ${ALICE}: a third party may`],
    ['its own, asserted', asserted, BOB, BOB, ''],
    ['its own, asserted, by an S-CSCF', asserted, BOB, 'scscf@example.org', ''],
    ['another, asserted', asserted, ALICE, ALICE, `You are ${BOB} and may register yourself`],
    ['for a third party, from a trusted hop', network, ALICE, BOB, ''],
    ['for a third party, from a server that is trusted', server, ALICE, BOB, ''],
    ['when the hop asserts no user', unnamed, ALICE, ALICE, ''],
    ['of nobody', nobody, BOB, BOB, 'Nobody knows who you are'],
  ])('%s', (_, identity, aor, from, why) => {
    expect(asked(() => authorise(identity, 'register', { aor, from }))).toMatch(start(why));
  });
});

describe('MESSAGE', () => {
  const anonymous = 'anonymous@anonymous.invalid';
  test.each<[string, Identity, string | undefined, string]>([
    ['from itself', digest, BOB, ''],
    [
      'from somebody else',
      digest,
      ALICE,
      `You are ${BOB} and may write as that or as ${anonymous}, not as ${ALICE}`,
    ],
    [
      'from no user, or a number',
      digest,
      undefined,
      `From names nobody here: you may write as ${BOB}, and as a tel: number`,
    ],
    ['from anonymous, with an identity behind it', digest, anonymous, ''],
    ['from a domain that only looks like it', digest, 'anonymous@anonymous.invalid.example.org', 'You are'],
    ['from itself, asserted', asserted, BOB, ''],
    ['from somebody else, asserted', asserted, ALICE, `You are ${BOB}`],
    ['from anonymous, asserted', asserted, anonymous, ''],
    ['from anonymous, of somebody whom the hop does not name', unnamed, anonymous, ''],
    [
      'from a name, of somebody whom the hop does not name',
      unnamed,
      ALICE,
      'The asserted identity is no address',
    ],
    ['from whom the hop has checked', network, BOB, ''],
    ['from a server that is trusted', server, undefined, ''],
    ['from anonymous, of nobody', nobody, anonymous, 'Nobody knows who you are'],
  ])('%s', (_, identity, from, why) => {
    expect(asked(() => authorise(identity, 'message', { from }))).toMatch(start(why));
  });
});

describe('SUBSCRIBE', () => {
  const watchers = createWatchers([`${BOB}>sales@example.org`]);
  test.each<[string, Identity, string, string]>([
    ['its own mailbox', digest, BOB, ''],
    ['its own mailbox, asserted', asserted, BOB, ''],
    ['its own mailbox, behind a trusted hop', network, BOB, ''],
    ['that of somebody else', digest, ALICE, `You are ${BOB}, and ${ALICE} is not yours to watch`],
    ['one that it may watch', digest, 'sales@example.org', ''],
    ['any, from a server without a name', server, ALICE, 'You are no user'],
    ['any, of nobody', nobody, BOB, 'Nobody knows who you are'],
  ])('%s', (_, identity, mailbox, why) => {
    expect(asked(() => authorise(identity, 'subscribe', { mailbox }, watchers))).toMatch(start(why));
  });
});

describe('PUBLISH', () => {
  const publishers = createPublishers(['10.0.0.0/24', 'voicemail@example.org']);
  const voicemail = 'voicemail@example.org';
  const from = (source: string, direct = true) => ({
    mailbox: ALICE,
    server: publishers.haveAddressOf({ source_address: source }),
    direct,
  });
  test.each<[string, Identity, ReturnType<typeof from>, string]>([
    ['of a publisher', { kind: 'digest', aor: voicemail }, from('203.0.113.9'), ''],
    ['of a publisher, asserted', { kind: 'asserted', aor: voicemail, hop: '' }, from('192.0.2.1', false), ''],
    ['of a user', digest, from('203.0.113.9'), `You are ${BOB} and may not publish for ${ALICE}`],
    ['of a user for itself', digest, { ...from('203.0.113.9'), mailbox: BOB }, `You are ${BOB} and may not`],
    ['of a server in the network', server, from('10.0.0.7'), ''],
    ['of a user in the network', digest, from('10.0.0.7'), ''],
    ['of a user behind a proxy in the network', digest, from('10.0.0.7', false), `You are ${BOB}`],
    ['of a user whom a proxy in the network asserts', asserted, from('10.0.0.7'), `You are ${BOB}`],
    ['of nobody in the network', nobody, from('10.0.0.7'), 'Nobody knows who you are'],
  ])('%s', (_, identity, resource, why) => {
    expect(asked(() => authorise(identity, 'publish', resource, publishers))).toMatch(start(why));
  });
});

test('a way that only a trusted hop may name is refused to all others, and the sentence names the option', () => {
  expect(asked(() => authoriseWay(asserted, 'Path', '192.0.2.1'))).toBe('');
  expect(asked(() => authoriseWay(network, 'Record-Route', '192.0.2.1'))).toBe('');
  expect(asked(() => authoriseWay(digest, 'Path', '203.0.113.9'))).toBe(
    'Path is followed only from proxies that SILO_TRUST names, and 203.0.113.9 is none.',
  );
});

function start(why: string): RegExp {
  return why === '' ? /^$/ : new RegExp(`^${why.replace(/[.+]/g, '\\$&')}`);
}
