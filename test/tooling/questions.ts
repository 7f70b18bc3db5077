/**
 * An operator's questions: each by command line, by HTTP and by SQL. What SQL says is the measure: the columns that it has are looked for in the other two
 * answers, by their names; a dot leads into what is nested.
 */

export interface Question {
  readonly asked: string;
  readonly command: string;
  /** Where in its JSON the rows are; '' for the whole. */
  readonly rows?: string;
  readonly path: string;
  readonly httpRows?: string;
  readonly sql: string;
}

export type Row = Readonly<Record<string, unknown>>;

/** `$delivered`, `$callid` and `$now` stand for what is known only once the hour has gone by. */
export const QUESTIONS: readonly Question[] = [
  {
    asked: 'for whom does mail wait, how much, and since when?',
    command: 'box list --order name',
    rows: 'boxes',
    path: '/api/boxes?order=name',
    httpRows: 'boxes',
    sql: 'select box as aor, count(*) as waiting, min(inc_time) as oldest from silo group by box order by box',
  },
  {
    asked: 'how much is it in all?',
    command: 'box list',
    rows: 'count',
    path: '/api/counts',
    sql: 'select count(distinct box) as boxes, count(*) as messages from silo',
  },
  {
    asked: 'what is stuck, and why?',
    command: 'box list --stuck --order name',
    rows: 'boxes',
    path: '/api/boxes?stuck=true&order=name',
    httpRows: 'boxes',
    sql: `select box as aor, case when max(next_time) > 0 then 'back-off' else 'no-device' end as "stuck.reason",
            nullif(max(next_time), 0) as "stuck.until", nullif(max(last_status), 0) as "stuck.status"
          from silo where snd_time = 0 group by box order by box`,
  },
  {
    asked: 'what is in one box?',
    command: 'box show carol@example.org --bodies',
    rows: 'messages',
    path: '/api/boxes/carol@example.org?bodies=true',
    httpRows: 'messages',
    sql: `select id, dedup as key, src_addr as "from", inc_time as accepted, exp_time as expires, callid as "callId",
            cast(body as text) as body from silo where box = 'carol@example.org' order by id`,
  },
  {
    asked: 'what became of a message that was delivered?',
    command: 'message show $delivered',
    path: '/api/messages/$delivered',
    httpRows: 'messages',
    sql: `select dedup as key, box as aor, outcome as state, inc_time as accepted, end_time as ended, status
          from silo_ledger where dedup = '$delivered'`,
  },
  {
    asked: 'what became of one that waits, by its Call-ID?',
    command: 'message show $callid',
    path: '/api/messages/$callid',
    httpRows: 'messages',
    sql: `select id, dedup as key, box as aor, 'waiting' as state, inc_time as accepted, attempts as "message.attempts",
            last_status as "message.lastStatus" from silo where callid = '$callid'`,
  },
  {
    asked: 'which letters are dead, and why?',
    command: 'dead list',
    path: '/api/dead',
    httpRows: 'letters',
    sql: 'select id, dedup as key, box, status, reason, end_time as "endTime" from silo_dead order by id',
  },
  {
    asked: 'what waits for its time?',
    command: 'reminder list',
    path: '/api/reminders',
    httpRows: 'reminders',
    sql: `select id, dedup as key, box, src_addr as "from", snd_time as "sendTime", exp_time as "expTime" from silo
          where snd_time > $now order by snd_time, id`,
  },
  {
    asked: 'which mailboxes are watched, and what do their lamps show?',
    command: 'mailbox list',
    rows: 'mailboxes',
    path: '/api/mailboxes',
    httpRows: 'mailboxes',
    sql: `select aor, seen, exists (select 1 from silo where box = aor and snd_time = 0)
            or exists (select 1 from mwi_publication where mailbox = aor) as waiting
          from mwi_mailbox where exists (select 1 from mwi_subscription where mailbox = aor)
            or exists (select 1 from mwi_publication where mailbox = aor) order by aor`,
  },
  {
    asked: 'who watches this one?',
    command: 'mailbox show carol@example.org',
    rows: 'watchers',
    path: '/api/mailboxes/carol@example.org',
    httpRows: 'watchers',
    sql: `select callid as "callId", expires, node from mwi_subscription where mailbox = 'carol@example.org'`,
  },
  {
    asked: 'why does it say what it says?',
    command: 'mailbox show carol@example.org',
    path: '/api/mailboxes/carol@example.org',
    sql: `select (select count(*) from silo where box = 'carol@example.org' and snd_time = 0) as "counts.messages",
            'Messages-Waiting: yes' || char(13, 10) || 'Voice-Message: 2/1 (0/0)' || char(13, 10) || 'Pager-Message: '
              || (select count(*) from silo where box = 'carol@example.org' and snd_time = 0) || '/0 (0/0)'
              || char(13, 10) as text`,
  },
  {
    asked: 'which devices has somebody?',
    command: 'device list erin@example.org',
    path: '/api/devices/erin@example.org',
    httpRows: 'devices',
    sql: `select contact as device, 1 as registered from binding where aor = 'erin@example.org'`,
  },
  {
    asked: 'where is somebody registered?',
    command: 'binding list erin@example.org',
    path: '/api/bindings/erin@example.org',
    httpRows: 'bindings',
    sql: `select aor, contact, expires, updated from binding where aor = 'erin@example.org'`,
  },
  {
    asked: 'who may log in?',
    command: 'user list',
    path: '/api/users',
    httpRows: 'users',
    sql: `select username || '@' || domain as user from subscriber order by username, domain`,
  },
  {
    asked: 'which nodes are there?',
    command: 'node list',
    path: '/api/nodes',
    httpRows: 'nodes',
    sql: `select node, run, process, server, version, started, 'alive' as state from silo_node`,
  },
];

/** The rows of an answer, with these columns alone and in words that SQL has, too. */
export function rowsOf(answer: unknown, where: string, columns: readonly string[]): readonly Row[] {
  const found = where === '' ? answer : within(answer, where);
  const rows: readonly unknown[] = Array.isArray(found) ? found : [found];
  return rows.map((row) => Object.fromEntries(columns.map((name) => [name, plain(within(row, name))])));
}

function within(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, name) => (typeof inner === 'object' && inner !== null ? (inner as Row)[name] : undefined),
      value,
    );
}

function plain(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  // A body by HTTP says whether it is text.
  if (typeof value === 'object' && value !== null && 'text' in value) return value.text;
  return value ?? null;
}
