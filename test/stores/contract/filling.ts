/** Tables with so many rows that the plans of statements are those of a database in use. */
import type { Filled } from './every-method.ts';

export const ROWS = 20_000;
const NOW = 100_000;
const PER_BOX = 10;
const BOXES = ROWS / PER_BOX;

export const FILLED: Filled = {
  now: NOW,
  box: 'user7@example.org',
  mailbox: 'mailbox7@example.org',
  dead: 1_000_007,
  id: 9,
  key: key('11'),
  node: 'node-1',
  run: 'run-1',
};

function key(n: string): string {
  return n.padStart(64, '0');
}

/**
 * In words that both databases know, MySQL with PIPES_AS_CONCAT; `numbers` is a table of the numbers from 1 on.
 *
 * @param clock epoch seconds by the clock of leases
 */
export function fillingOf(clock: string, dialect: 'mysql' | 'sqlite'): readonly string[] {
  const padded = (n: string) => `substr('${'0'.repeat(64)}' || ${n}, -64)`;
  const box = `'user' || (n % ${BOXES}) || '@example.org'`;
  const mine = (of: string) => `case when n % 50 = 1 then null else ${of} end`;
  const deviceKey = dialect === 'mysql' ? ['device_key, ', `${padded('n')}, `] : ['', ''];
  const all = (into: string, values: string) => `insert into ${into} select ${values} from numbers`;
  return [
    all(
      'silo (username, domain, exp_time, snd_time, next_time, box, dedup, body, size)',
      `'user', 'example.org', case when n % 200 = 0 then ${NOW} - 10 else ${NOW} * 2 + n end,
         case when n % 20 = 3 then ${NOW} + n else 0 end, case when n % 10 = 5 then ${NOW} - 5 + n % 20 else 0 end,
         ${mine(box)}, ${mine(padded('n'))}, 'text', 4`,
    ),
    all('silo_ledger (dedup, box, inc_time)', `${padded('n')}, ${box}, 1000`),
    all(
      'silo_ledger (dedup, box, inc_time, end_time, outcome)',
      `${padded('(n + 50000)')}, ${box}, 1000, ${NOW} - 100 + n, 'delivered'`,
    ),
    all(
      'silo_dead (id, dedup, box, end_time, exp_time)',
      `1000000 + n, ${padded('(n + 90000)')}, ${box}, ${NOW} - 100 + n, ${NOW}`,
    ),
    all(
      'silo_box (box, domain, messages, first_id)',
      `'user' || n || '@example.org', 'example.org', n % 7, n`,
    ),
    all('silo_box_total (domain, boxes, messages)', `'domain' || n, 1, 1`),
    all(
      'silo_lease (box, owner, ends, fence)',
      `'lease' || n, 'owner-' || (n % 1000), case when n % 200 = 0 then ${clock} - 5 else ${clock} + 500 end, n`,
    ),
    all(
      `silo_device (box, ${deviceKey[0]}device, first_seen, until, next_time)`,
      `${box}, ${deviceKey[1]}'urn:' || n, 1, ${NOW} - 100 + n, case when n % 10 = 0 then ${NOW} - 20 + n % 40 else 0 end`,
    ),
    all(
      'binding (aor, contact_key, contact, expires, path)',
      `${box}, ${padded('n')}, 'sip:a@192.0.2.1:' || n, ${NOW} - 100 + n, ''`,
    ),
    `${all('silo_node (node, run, started, seen)', `'node-' || n, 'run-1', 1, 1`)} where n <= 20`,
    `${all('silo_body_key (id, proof)', `'key-' || n, 'x'`)} where n <= 20`,
    all('mwi_mailbox (aor, seen)', `'mailbox' || n || '@example.org', ${NOW} - 100 + n`),
    all('mwi_change (mailbox, at)', `'mailbox' || n || '@example.org', ${NOW} - 100 + n`),
    all(
      'mwi_publication (tag, mailbox, publisher, body, expires, stamp)',
      `'tag' || n, 'mailbox' || n || '@example.org', 'vm', 'x', ${NOW} - 100 + n, n`,
    ),
    all(
      `mwi_subscription (id, mailbox, device, node, run, callid, local_tag, remote_tag, local, remote, target, routes, contact,
         remote_cseq, local_cseq, expires, updated)`,
      `n, 'mailbox' || n || '@example.org', ${padded('n')}, 'node-' || (n % 10), 'run-' || (n % 2), 'c', 'l', 'r', 'l', 'r',
         't', '', 'c', 1, 1, ${NOW} - 100 + n, ${NOW}`,
    ),
    all('subscriber (username, domain, ha1)', `'user' || n, 'example.org', 'x'`),
    all(
      'silo_submission (name, content, owner, since)',
      `${padded('n')}, ${padded('n')}, 'node-' || (n % 10), ${NOW} - 100 + n`,
    ),
    all(
      'silo_forget (aor, node, at)',
      `'user' || n || '@example.org', 'node-' || (n % 10), case when n % 200 = 0 then n % 100 else ${clock} end`,
    ),
    `${all('silo_nonce_key (secret, made)', `${padded('n')}, n`)} where n <= 20`,
    ...(dialect === 'mysql'
      ? [
          all('silo_turn (name, at)', `'@domain' || n, ${NOW} - 100 + n`),
          all('silo_usage (domain, messages, bytes, counted)', `'domain' || n, 1, 1, 0`),
          all('silo_usage_change (domain, messages, bytes)', `'domain' || n, 1, 1`),
        ]
      : []),
  ];
}
