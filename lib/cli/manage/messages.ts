/** `drachtio-silo message show` and `export`: what became of a message, and all that wait. */
import type { MessageWay } from '../../silo/manage/operations.ts';
import { command, flag, value } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import { jsonMessage } from './boxes.ts';
import { withOperations } from './store.ts';
import { harmless, readable, timeOf } from './words.ts';

export const messageShow = command({
  name: 'message show',
  summary: 'what became of a message: accepted, tried, ended',
  about:
    'For as long as the ledger keeps it (SILO_KEEP_LEDGER). Single attempts are known to the node that made them, and to its HTTP API; from here the last answer and their number.',
  args: { which: { shape: '<which>', says: 'its id, its key, or the Call-ID of the MESSAGE as it came in' } },
  options: { bodies: flag('--bodies', 'what it says, too, while it waits') },
  examples: [
    ['drachtio-silo message show 4711', 'by its id, while it waits'],
    ['drachtio-silo message show a84b4c76e66710@pc33.example.org', 'by its Call-ID'],
  ],
  exits: { [EXIT.no]: 'nobody knows it' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ messages }) => {
      const which = /^\d{1,15}$/.test(given.which) ? Number(given.which) : given.which;
      const ways = await messages.show(which, { bodies: given.bodies });
      out.answer(
        ways.map((way) => ({ ...way, ...(way.message ? { message: jsonMessage(way.message) } : {}) })),
        () => (ways.length === 0 ? `Nobody knows ${given.which}.` : ways.map(textOf).join('\n\n')),
      );
      return ways.length === 0 ? EXIT.no : EXIT.done;
    }),
});

function textOf({ key, aor, id, state, steps, message, reason }: MessageWay): string {
  const body = readable(message?.body);
  return [
    `${state}: to ${aor}${message ? `, from ${message.from}` : ''}${id === undefined ? '' : `, id ${id}`}`,
    `key ${key}`,
    ...steps.map(({ at, what, text }) => `${timeOf(at)}  ${what.padEnd(8)}  ${harmless(text)}`),
    ...(reason === '' ? [] : [`because: ${harmless(reason)}`]),
    ...(typeof body === 'string' ? ['', harmless(body)] : []),
  ].join('\n');
}

export const exportCommand = command({
  name: 'export',
  summary: 'all messages that wait, as lines of JSON',
  about:
    'Box by box, in the order in which they leave, with headers and bodies (text, or base64 of what is none). Bodies that are encrypted with a key that is not given here stay so. What happens meanwhile may be in it or not: it is no backup of the database.',
  args: {},
  options: { domain: value('--domain <domain>', 'of this domain alone') },
  examples: [['drachtio-silo export --domain example.org > messages.jsonl', 'one message a line']],
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ boxes }) => {
      const narrowed = given.domain === '' ? {} : { domain: given.domain };
      let [messages, count] = [0, 0];
      let cursor: string | undefined;
      do {
        const page = await boxes.list({
          ...narrowed,
          order: 'name',
          limit: PAGE,
          ...(cursor === undefined ? {} : { cursor }),
        });
        for (const { aor } of page.boxes) {
          let at: string | undefined;
          do {
            const box = await boxes.show(aor, {
              bodies: true,
              limit: PAGE,
              ...(at === undefined ? {} : { cursor: at }),
            });
            for (const message of box.messages) {
              messages++;
              const line = JSON.stringify(jsonMessage(message));
              // Whoever reads slowly is waited for.
              if (!process.stdout.write(`${line}\n`))
                await new Promise((resolve) => process.stdout.once('drain', resolve));
            }
            at = box.next;
          } while (at !== undefined);
          if (++count % PROGRESS === 0)
            out.note(`${messages.toLocaleString('en')} messages of ${count.toLocaleString('en')} boxes …`);
        }
        cursor = page.next;
      } while (cursor !== undefined);
      out.note(`${messages.toLocaleString('en')} messages of ${count.toLocaleString('en')} boxes.`);
      return EXIT.done;
    }),
});

/** Boxes and messages that are read at once, and boxes between two words on how far it is. */
const PAGE = 200;
const PROGRESS = 1_000;
