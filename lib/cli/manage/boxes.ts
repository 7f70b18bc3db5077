/** `drachtio-silo box`: for whom mail waits and why, and what to do about it. */
import type { BoxEntry, ShownBox, ShownMessage } from '../../silo/manage/operations.ts';
import { command, flag, oneOf, value } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import type { Output } from '../frame/output.ts';
import type { Column } from '../frame/table.ts';
import { withOperations } from './store.ts';
import {
  agoOf,
  AOR,
  counted,
  CURSOR,
  harmless,
  idsOf,
  LIMIT,
  moreOf,
  readable,
  timeOf,
  YES,
} from './words.ts';

const NOTHING = 'nothing waits for it';

const COLUMNS: readonly Column<BoxEntry>[] = [
  { title: 'box', of: ({ aor }) => aor, whole: true },
  { title: 'waiting', of: ({ waiting }) => waiting, right: true },
  { title: 'oldest', of: ({ oldest }) => agoOf(oldest), right: true },
  { title: 'why it is not emptied', of: ({ stuck }) => stuck?.text ?? '' },
];

export const boxList = command({
  name: 'box list',
  summary: 'for whom messages wait, and why',
  about:
    'Figures are counted aside, seconds after what changes them. What only a running node knows (a device that no request gets to) is not seen from here.',
  args: {},
  options: {
    order: oneOf('--order <order>', 'most messages first, longest waiting first, or by name', [
      'waiting',
      'oldest',
      'name',
    ]),
    domain: value('--domain <domain>', 'of this domain alone'),
    stuck: flag('--stuck', 'only boxes that nobody empties just now'),
    limit: LIMIT,
    cursor: CURSOR,
  },
  examples: [
    ['drachtio-silo box list --order oldest --limit 10', 'who waits longest'],
    ['drachtio-silo box list --stuck --domain example.org', 'what is stuck, and why'],
  ],
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ boxes }) => {
      const { order, domain, stuck, limit, cursor } = given;
      const page = await boxes.list({
        order,
        limit,
        ...(domain === '' ? {} : { domain }),
        ...(stuck ? { stuck } : {}),
        ...(cursor === '' ? {} : { cursor }),
      });
      const count = await boxes.count(domain === '' ? {} : { domain });
      if (out.json) out.answer({ ...page, count }, () => '');
      else {
        const all = `${count.messages.toLocaleString('en')} messages wait in ${count.boxes.toLocaleString('en')} boxes.`;
        out.rows(page.boxes, COLUMNS, [all, moreOf(page.next)].filter(Boolean).join('\n'));
      }
      return EXIT.done;
    }),
});

const MESSAGES: readonly Column<ShownMessage>[] = [
  { title: 'id', of: ({ id }) => id, right: true, whole: true },
  { title: 'from', of: ({ from }) => from },
  { title: 'accepted', of: ({ accepted }) => timeOf(accepted), whole: true },
  { title: 'expires', of: ({ expires }) => timeOf(expires) },
  { title: 'tried', of: ({ attempts }) => attempts, right: true },
  { title: 'last', of: ({ lastStatus }) => lastStatus || '', right: true },
  { title: 'next', of: ({ nextAttempt, sendAt }) => timeOf(Math.max(nextAttempt, sendAt)) || 'registration' },
  { title: 'type', of: ({ contentType }) => contentType },
  { title: 'bytes', of: ({ size }) => size, right: true },
];

export const boxShow = command({
  name: 'box show',
  summary: 'one box with its messages, in the order in which they leave',
  args: { aor: AOR },
  options: {
    bodies: flag('--bodies', 'what the messages say, too, and their headers'),
    limit: LIMIT,
    cursor: CURSOR,
  },
  examples: [
    ['drachtio-silo box show bob@example.org', 'what waits for bob'],
    ['drachtio-silo box show bob@example.org --bodies --json', 'with all that they say'],
  ],
  exits: { [EXIT.no]: 'nothing waits in it' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ boxes }) => {
      const { aor, bodies, limit, cursor } = given;
      const box = await boxes.show(aor, { bodies, limit, ...(cursor === '' ? {} : { cursor }) });
      show(box, bodies, out);
      return box.waiting === 0 ? EXIT.no : EXIT.done;
    }),
});

function show(box: ShownBox, bodies: boolean, out: Output): void {
  if (out.json) {
    out.answer({ ...box, messages: box.messages.map(jsonMessage) }, () => '');
    return;
  }
  if (box.waiting === 0) {
    out.answer(box, () => `${box.aor}: ${NOTHING}.`);
    return;
  }
  const { aor, waiting, oldest, stuck } = box;
  const end = [
    ...(bodies ? box.messages.map(contentOf) : []),
    `${aor}: ${waiting} waiting, the oldest for ${agoOf(oldest)}.${stuck ? ` ${stuck.text}` : ''}`,
    moreOf(box.next),
  ];
  out.rows(box.messages, MESSAGES, end.filter(Boolean).join('\n'));
}

export function jsonMessage({ body, ...message }: ShownMessage): object {
  return { ...message, ...(body === undefined ? {} : { body: readable(body) }) };
}

function contentOf({ id, headers = '', body, contentType }: ShownMessage): string {
  const text = readable(body) ?? '';
  const shown = typeof text === 'string' ? harmless(text) : `(${body?.length ?? 0} bytes that are no text)`;
  return `\n-- ${id}\n${harmless(headers)}Content-Type: ${harmless(contentType)}\n\n${shown}\n`;
}

export const boxRequeue = command({
  name: 'box requeue',
  summary: 'try everything in a box again at once',
  about:
    'Pauses are over, attempts count anew, and devices that refused are asked again. The nodes find it in the store within seconds; what has a time that is still to come keeps it.',
  args: { aor: AOR },
  options: {},
  examples: [['drachtio-silo box requeue bob@example.org', "after bob's phone was mended"]],
  exits: { [EXIT.no]: 'nothing waits in it' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ boxes, quarantine }) => {
      const when = (await quarantine.since()) > 0 ? 'when the quarantine ends' : 'within seconds';
      return counted(
        await boxes.requeue(given.aor),
        (messages) => `${messages} of ${given.aor} will be tried ${when}.`,
        out,
      );
    }),
});

export const boxRemove = command({
  name: 'box remove',
  summary: 'remove the messages of a box, or some of them, for good',
  about: 'Their ledger says "removed by an operator"; their senders hear nothing.',
  args: { aor: AOR },
  options: { ids: value('--ids <ids>', 'only these, with commas between'), yes: YES },
  examples: [
    ['drachtio-silo box remove bob@example.org', 'how many it would be'],
    ['drachtio-silo box remove bob@example.org --ids 7,8 --yes', 'two of them'],
  ],
  exits: { [EXIT.no]: 'there were none, or --yes was not given' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ boxes }) => {
      const ids = given.ids === '' ? undefined : idsOf(given.ids);
      if (!given.yes) {
        const { aor, waiting } = await boxes.show(given.aor, { limit: 1 });
        const count = ids?.length ?? waiting;
        out.answer(
          { aor, would: count },
          () => `${count} messages of ${aor} would be removed for good: --yes does it.`,
        );
        return EXIT.no;
      }
      const count = await boxes.remove(given.aor, ids ? { ids } : {});
      return counted(count, (messages) => `${messages} of ${given.aor} removed.`, out);
    }),
});

export const boxMove = command({
  name: 'box move',
  summary: 'put the messages of a box into another one',
  about: 'In their order; no quota counts. Refused while a node serves the box: try again.',
  args: { from: { ...AOR, shape: '<from>' }, to: { ...AOR, shape: '<to>' } },
  options: {},
  examples: [['drachtio-silo box move bob@example.org robert@example.org', 'bob has another name now']],
  exits: { [EXIT.no]: 'nothing waits in it' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ boxes }) =>
      counted(
        await boxes.move(given.from, given.to),
        (messages) => `${messages} moved from ${given.from} to ${given.to}.`,
        out,
      ),
    ),
});
