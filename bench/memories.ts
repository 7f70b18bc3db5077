/**
 * `npm run bench -- --memories`: what each memory with a bound takes when it is full, with entries as the application makes them: hashes,
 * addresses of some twenty characters, and three Contacts where a Contact is.
 */
import { BoundedMap, BoundedSet } from '../lib/base/bounded-map.ts';
import { parseNameAddr } from '../lib/sip/read/name-addr.ts';
import { parseUri } from '../lib/sip/read/uri.ts';
import { collectGarbage } from './memory.ts';

/** Texts that share nothing with each other, as those from requests and rows. */
const text = (...parts: readonly (string | number)[]) => Buffer.from(parts.join('')).toString();
const aor = (n: number) => text('user', n, '@voip.example.org');
const contact = (n: number) => text('sip:user', n, '@192.0.2.', n % 256, ':', 1024 + (n % 60_000));
const hash = (n: number) => text(n.toString(16).padStart(64, '7'));
const address = (n: number) => text('192.', n % 256, '.', (n >> 8) % 256, '.', (n >> 16) % 256);

/** What an entry names and does not own. */
const SHARED = {};

/** One id that was not seen, before others that were. */
const gap: Entry = (n) => [2 * n, { from: 2 * n, to: 2 * n, at: n + 0.5 }];

type Entry = (n: number) => readonly [key: string | number, value: unknown];

/** Name, bound, one entry. Those of `limits` are as many as there are limits. */
const FULL: readonly (readonly [
  name: string,
  most: number,
  entry: Entry | ((n: number) => string | number),
])[] = [
  ['addresses', 4_096, (n) => [address(n), true]],
  ['boxes-elsewhere', 100_000, (n) => [aor(n), n + 0.5]],
  [
    'challenged-phones',
    5_000,
    (n) => [text(address(n), ' ', aor(n)), { count: n, since: n + 0.5, told: false }],
  ],
  [
    'connections',
    100_000,
    (n) => [contact(n), { aor: aor(n), address: address(n), port: n, until: n + 0.5 }],
  ],
  [
    'device-capabilities',
    100_000,
    (n) => [
      text(aor(n), ' ', contact(n)),
      { fingerprint: hash(n), incapable: false, types: new Set([text('text/', n)]) },
    ],
  ],
  [
    'domain-usage',
    10_000,
    (n) => [text('domain', n, '.example.org'), { usage: { messages: n, bytes: n }, at: n + 0.5 }],
  ],
  ['embedded-former-dialogs', 10_000, (n) => [text('dialog', n), SHARED]],
  [
    'failing-hops',
    10_000,
    (n) => [
      contact(n),
      {
        failures: n,
        contacts: new Set([contact(n), contact(n + 1), contact(n + 2)]),
        openMs: n,
        until: n + 0.5,
      },
    ],
  ],
  ['hops-without-tcp', 100_000, (n) => [contact(n), n + 0.5]],
  ['hosts-paused', 10_000, (n) => [address(n), n + 0.5]],
  ['hosts-shown', 10_000, (n) => address(n)],
  ['known-devices', 100_000, (n) => [text(aor(n), ' urn:uuid:', n), n + 0.5]],
  ['late-deliveries', 100_000, (n) => hash(n)],
  ['limits', 20_000, (n) => [aor(n), n + 0.5]],
  ['limits-recipients', 20_000, (n) => [text(aor(n), ' ', aor(n + 1)), n + 0.5]],
  ['limits-told', 1_000, (n) => [aor(n), n + 0.5]],
  [
    'message-ways',
    5_000,
    (n) => [
      hash(n),
      {
        key: hash(n),
        box: aor(n),
        id: n,
        callId: text(n, '@host'),
        steps: Array.from({ length: 4 }, (_, i) => ({ at: n, step: text('attempt', n, i), status: i })),
      },
    ],
  ],
  ['content-types', 256, (n) => [text('text/x', n), { type: text('text/x', n), params: new Map() }]],
  ['missing-changes', 100_000, gap],
  ['missing-rows', 100_000, gap],
  [
    'nonces',
    50_000,
    (n) => [text(hash(n), hash(n).slice(0, 20)), { source: address(n), time: n, highest: n, used: n }],
  ],
  ['name-addrs', 512, (n) => [contact(n), parseNameAddr(text('<', contact(n), '>;tag=', n))]],
  ['notice-authors', 100_000, (n) => [aor(n), { minute: n, count: n }]],
  ['notice-pairs', 100_000, (n) => [text(aor(n), ' ', aor(n + 1)), n + 0.5]],
  ['recounted-boxes', 200_000, (n) => aor(n)],
  ['registrar-told', 1_000, (n) => aor(n)],
  [
    'sender-usage',
    10_000,
    (n) => [text(aor(n), ' ', aor(n + 1)), { usage: { messages: n, bytes: n }, until: n + 0.5 }],
  ],
  ['setup-alerts', 1_000, (n) => [contact(n), n + 0.5]],
  ['silent-targets', 10_000, (n) => [contact(n), n + 0.5]],
  ['subscriptions-ended', 200_000, (n) => text(n.toString(16).padStart(32, '7'))],
  ['unreachable-devices', 10_000, (n) => [text(aor(n), ' ', contact(n)), { expires: n, reason: SHARED }]],
  ['unreachable-told', 10_000, (n) => contact(n)],
  [
    'unsolicited-refused',
    100_000,
    (n) => [text(aor(n), ' ', contact(n)), { mailbox: aor(n), software: text('Phone ', n) }],
  ],
  ['uris', 4_096, (n) => [contact(n), parseUri(contact(n))]],
  ['users', 50_000, (n) => [aor(n), { secrets: { md5: hash(n).slice(32), sha256: hash(n) }, at: n }]],
  ['users-unknown', 10_000, (n) => [aor(n), { secrets: undefined, at: n }]],
];

export function memoriesFull(): void {
  let sum = 0;
  /** All stay: what goes meanwhile would be taken for less that is used. */
  const all: unknown[] = [];
  console.log('memory | entries | MB');
  for (const [name, most, entry] of FULL) {
    const before = used();
    const kept = fill(most, entry);
    all.push(kept);
    const bytes = used() - before;
    sum += bytes;
    console.log(`${name} | ${kept.size} | ${(bytes / 1e6).toFixed(1)}`);
  }
  console.log(`all ${all.length} | | ${Math.round(sum / 1e6)}`);
}

function fill(most: number, entry: (typeof FULL)[number][2]): { readonly size: number } {
  const map = new BoundedMap<string | number, unknown>(most);
  const set = new BoundedSet<string | number>(most);
  // Twice over: one that has been full for long has the table that its deletions leave.
  for (let n = 0; n < 2 * most; n++) {
    const made = entry(n);
    if (typeof made === 'object') map.set(...made);
    else set.add(made);
  }
  return map.size > 0 ? map : set;
}

function used(): number {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
