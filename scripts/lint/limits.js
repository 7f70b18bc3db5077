/**
 * How long a file may be, and how many parameters a function may have, with the exceptions by name. An exception says why
 * and how much: it can't grow unseen, and one that is no longer needed fails test/tooling/lint.test.ts.
 */

/** One idea fits into this many lines; a file that needs more has two. Tests are lists, and may be longer. */
export const LINES = 300;
export const TEST_LINES = 600;

/** With more, callers mix them up: a context object has names. */
export const PARAMETERS = 4;

/** file: [lines, why] */
export const LONGER = {
  'lib/silo/deliver/lanes.ts': [334, 'the state of a lane becomes a class of its own'],
  'lib/silo/silo.ts': [334, 'its handlers become functions of a context'],
  'lib/sip/drachtio/port.ts': [337, 'answering and asking are about to part'],
  'lib/stores/shared/rows.ts': [314, 'a drawer for all rows, to be sorted'],
  'test/docs/examples.test.ts': [
    700,
    'one test for each example of the documentation, in the order of the pages',
  ],
  'test/stores/contract/messages.ts': [620, 'what every store does with messages, for both engines'],
};

const BOUND = 'what belongs together is about to become a context';

/** file: [parameters, why] */
export const MORE_PARAMETERS = {
  'examples/demo/ladder.ts': [5, BOUND],
  'examples/demo/phone.ts': [5, BOUND],
  'lib/mwi/notify/send-notify.ts': [5, BOUND],
  'lib/mwi/notify/subscribe.ts': [5, BOUND],
  'lib/mwi/summary/model.ts': [5, BOUND],
  'lib/silo/deliver/every-session.ts': [6, BOUND],
  'lib/silo/deliver/first-session.ts': [6, BOUND],
  'lib/silo/deliver/settle.ts': [6, BOUND],
  'lib/silo/manage/dead-letters.ts': [6, BOUND],
  'lib/silo/receive/accept.ts': [7, BOUND],
  'lib/silo/report/imdn.ts': [5, BOUND],
  'lib/silo/report/send-once.ts': [5, BOUND],
  'lib/stores/mysql/accept.ts': [6, BOUND],
  'lib/stores/mysql/devices.ts': [5, BOUND],
  'lib/stores/mysql/messages.ts': [
    5,
    'one question: which messages of a box, until when, how many, behind which',
  ],
  'lib/stores/mysql/quota.ts': [5, BOUND],
  'lib/stores/sqlite/accept.ts': [5, BOUND],
  'lib/stores/sqlite/messages.ts': [5, 'as in MySQL'],
};
