/** `drachtio-silo mailbox`: what lamps show, out of which sources, and why. */
import type { ShownMailbox } from '../../mwi/state/mailboxes.ts';
import { command } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import { withOperations } from './store.ts';
import { AOR, CURSOR, harmless, LIMIT, moreOf, timeOf } from './words.ts';

export const mailboxList = command({
  name: 'mailbox list',
  summary: 'mailboxes that somebody watches or publishes for, and what their lamps show',
  args: {},
  options: { limit: LIMIT, cursor: CURSOR },
  examples: [['drachtio-silo mailbox list', 'the first fifty, by name']],
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ mailboxes }) => {
      const { limit, cursor } = given;
      const page = await mailboxes.list({ limit, ...(cursor === '' ? {} : { cursor }) });
      if (out.json) out.answer(page, () => '');
      else
        out.rows(
          page.mailboxes,
          [
            { title: 'mailbox', of: ({ aor }) => aor, whole: true },
            { title: 'lamp', of: ({ waiting }) => (waiting ? 'on' : 'off') },
            { title: 'says', of: ({ text }) => saying(text) },
            { title: 'last used', of: ({ seen }) => timeOf(seen) },
          ],
          page.mailboxes.length === 0 ? 'There are none.' : moreOf(page.next),
        );
      return EXIT.done;
    }),
});

export const mailboxShow = command({
  name: 'mailbox show',
  summary: 'what one lamp shows, out of which sources, to whom, and why',
  about: 'What a watcher was told last is known to the node that serves it, and to its HTTP API.',
  args: { aor: AOR },
  options: {},
  examples: [['drachtio-silo mailbox show bob@example.org', "why bob's lamp is on"]],
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ mailboxes }) => {
      const mailbox = await mailboxes.show(given.aor);
      out.answer(mailbox, () => textOf(mailbox));
      return EXIT.done;
    }),
});

function textOf({ aor, waiting, text, sources, watchers, why }: ShownMailbox): string {
  return [
    `${aor}: lamp ${waiting ? 'on' : 'off'} (${saying(text)})`,
    ...why.map((sentence) => `  ${harmless(sentence)}`),
    ...sources.map(
      ({ kind, name, counts, text: says = '', expires = 0 }) =>
        `source   ${kind} ${harmless(name)}${counts ? '' : ', which does not count'}: ${saying(says)}${expires === 0 ? '' : `; until ${timeOf(expires)}`}`,
    ),
    ...watchers.map(
      ({ kind, watcher, contact, expires, node }) =>
        `watcher  ${harmless(watcher)} at ${harmless(contact)}${kind === 'unsolicited' ? ', without a subscription' : ''}, served by ${node === '' ? 'a node' : node} until ${timeOf(expires)}`,
    ),
  ].join('\n');
}

/** A summary in one line. */
function saying(text: string): string {
  return harmless(text.trim().replace(/\r?\n/g, '; '));
}
