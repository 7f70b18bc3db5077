/** `drachtio-silo dead` and `reminder`: what could not be delivered, and what waits for its time. */
import { command, value, whole } from '../frame/command.ts';
import { EXIT } from '../frame/exit.ts';
import { withOperations } from './store.ts';
import { agoOf, counted, idsOf, LIMIT, timeOf, YES } from './words.ts';

const BOX = value('--box <aor>', 'of this address alone');
const IDS = { ids: { shape: '<ids>', says: 'their ids, with commas between' } };

export const deadList = command({
  name: 'dead list',
  summary: 'messages that could not be delivered, and why',
  args: {},
  options: {
    box: BOX,
    after: whole('--after <id>', 'those with a higher id', {
      preset: 0,
      least: 0,
      most: Number.MAX_SAFE_INTEGER,
    }),
    limit: LIMIT,
  },
  examples: [['drachtio-silo dead list --box bob@example.org', "of bob's"]],
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ deadLetters }) => {
      const { box, after, limit } = given;
      const letters = await deadLetters.list({ after, limit, ...(box === '' ? {} : { box }) });
      const last = letters.length === limit ? letters.at(-1) : undefined;
      out.rows(
        letters,
        [
          { title: 'id', of: ({ id }) => id, right: true, whole: true },
          { title: 'box', of: (letter) => letter.box, whole: true },
          { title: 'from', of: ({ srcAddr }) => srcAddr },
          { title: 'ended', of: ({ endTime }) => `${agoOf(endTime)} ago` },
          { title: 'status', of: ({ status }) => status || '', right: true },
          { title: 'why', of: ({ reason }) => reason },
        ],
        letters.length === 0 ? 'There are none.' : last ? `There is more: --after ${last.id}` : '',
      );
      return EXIT.done;
    }),
});

export const deadReplay = command({
  name: 'dead replay',
  summary: 'put dead letters back into their boxes, to be tried again',
  args: IDS,
  options: {},
  examples: [['drachtio-silo dead replay 7,8', 'two of them']],
  exits: { [EXIT.no]: 'there are none of these' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ deadLetters }) =>
      counted(
        await deadLetters.replay(idsOf(given.ids)),
        (letters) => `${letters} wait again; the nodes find them within seconds.`,
        out,
        'dead letter',
      ),
    ),
});

export const deadDrop = command({
  name: 'dead drop',
  summary: 'throw dead letters away for good',
  args: IDS,
  options: { yes: YES },
  examples: [['drachtio-silo dead drop 7,8 --yes', 'two of them']],
  exits: { [EXIT.no]: 'there are none of these, or --yes was not given' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ deadLetters }) => {
      const ids = idsOf(given.ids);
      if (!given.yes) {
        out.answer(
          { would: ids.length },
          () => `${ids.length} dead letters would be thrown away for good: --yes does it.`,
        );
        return EXIT.no;
      }
      return counted(await deadLetters.drop(ids), (letters) => `${letters} thrown away.`, out, 'dead letter');
    }),
});

export const reminderList = command({
  name: 'reminder list',
  summary: 'messages that wait for their time',
  args: {},
  options: { box: BOX, limit: LIMIT },
  examples: [['drachtio-silo reminder list', 'the next ones']],
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ reminders }) => {
      const { box, limit } = given;
      const found = await reminders.list({ limit, ...(box === '' ? {} : { box }) });
      out.rows(
        found,
        [
          { title: 'id', of: ({ id }) => id, right: true, whole: true },
          { title: 'box', of: (reminder) => reminder.box, whole: true },
          { title: 'from', of: ({ from }) => from },
          { title: 'to be sent', of: ({ sendTime }) => timeOf(sendTime), whole: true },
          { title: 'expires', of: ({ expTime }) => timeOf(expTime) },
          { title: 'type', of: ({ contentType }) => contentType },
        ],
        found.length === 0 ? 'There are none.' : '',
      );
      return EXIT.done;
    }),
});

export const reminderCancel = command({
  name: 'reminder cancel',
  summary: 'take back messages whose time is still to come',
  args: IDS,
  options: {},
  examples: [['drachtio-silo reminder cancel 7,8', 'two of them']],
  exits: { [EXIT.no]: 'none of these waits for its time' },
  run: ({ given, out, config }) =>
    withOperations(config(), out, async ({ reminders }) =>
      counted(await reminders.cancel(idsOf(given.ids)), (all) => `${all} taken back.`, out, 'reminder'),
    ),
});
