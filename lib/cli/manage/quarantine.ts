/** `drachtio-silo quarantine`: nothing leaves a box until an operator has looked at what an old backup holds. */
import { command } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import { withOperations } from './store.ts';
import { timeOf, YES } from './words.ts';

export const quarantineBegin = command({
  name: 'quarantine begin',
  summary: 'send nothing from the boxes any more, on any node',
  about:
    'For a backup that was restored: begun before the first node starts, it keeps what was delivered already from being sent again.',
  args: {},
  options: {},
  examples: [
    [
      'drachtio-silo quarantine begin',
      'messages are stored and phones register; no message, reminder or notice goes out',
    ],
  ],
  run: ({ out, config }) =>
    withOperations(config(), out, async ({ quarantine }) => {
      const since = await quarantine.begin();
      out.answer(
        { since },
        () =>
          `In quarantine since ${timeOf(since)}. Nodes that run hear of it within two seconds; drachtio-silo quarantine end --yes ends it.`,
      );
      return EXIT.done;
    }),
});

export const quarantineShow = command({
  name: 'quarantine show',
  summary: 'say whether there is a quarantine, and since when',
  args: {},
  options: {},
  examples: [['drachtio-silo quarantine show', 'since when']],
  exits: { [EXIT.no]: 'there is none' },
  run: ({ out, config }) =>
    withOperations(config(), out, async ({ quarantine }) => {
      const since = await quarantine.since();
      out.answer({ since }, () => (since > 0 ? `In quarantine since ${timeOf(since)}.` : 'There is none.'));
      return since > 0 ? EXIT.done : EXIT.no;
    }),
});

export const quarantineEnd = command({
  name: 'quarantine end',
  summary: 'send what waits: the quarantine is over',
  args: {},
  options: { yes: YES },
  examples: [
    [
      'drachtio-silo quarantine end --yes',
      'to whoever is registered now, within seconds; to others when they register',
    ],
  ],
  exits: { [EXIT.no]: 'there is none, or --yes was not given' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ quarantine, boxes }) => {
      const held = (await quarantine.since()) > 0;
      if (held && !given.yes) {
        const { messages, boxes: many } = await boxes.count();
        const [letters, holders] = [messages, many].map((n) => n.toLocaleString('en'));
        out.answer(
          { would: messages },
          () => `${letters} messages in ${holders} boxes would be sent: --yes does it.`,
        );
        return EXIT.no;
      }
      const ended = held && (await quarantine.end());
      const again = config().silo.quarantine
        ? ' SILO_QUARANTINE is set here: take it away, or the next start begins another one.'
        : '';
      out.answer(
        { ended },
        () => (ended ? 'It is over: the nodes send what waits.' : 'There is none.') + again,
      );
      return ended ? EXIT.done : EXIT.no;
    }),
});
