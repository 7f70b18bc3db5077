/** All commands, in the order of the help. */
import { packageVersion } from '../base/package.ts';
import { completion } from './completion.ts';
import { doctor } from './doctor/doctor.ts';
import { encryptCommand } from './encrypt.ts';
import type { Book } from './frame/parse.ts';
import { EXIT_MEANINGS } from './frame/exit.ts';
import { importCommand } from './import.ts';
import { boxList, boxMove, boxRemove, boxRequeue, boxShow } from './manage/boxes.ts';
import { mailboxList, mailboxShow } from './manage/lamps.ts';
import { exportCommand, messageShow } from './manage/messages.ts';
import { bindingList, deviceList, nodeList, personErase, personExport } from './manage/people.ts';
import { deadDrop, deadList, deadReplay, reminderCancel, reminderList } from './manage/set-aside.ts';
import { quarantineBegin, quarantineEnd, quarantineShow } from './manage/quarantine.ts';
import { migrateCommand } from './migrate.ts';
import { register } from './phone/register.ts';
import { send } from './phone/send.ts';
import { watch } from './phone/watch.ts';
import { start } from './start.ts';
import { userAdd, userList, userPasswd, userRemove } from './user.ts';

export function book(): Book {
  return {
    program: 'drachtio-silo',
    version: packageVersion(),
    about:
      'Offline messages and message-waiting lamps for SIP. Without a command the application starts. Commands work on the store that SILO_STORE names, also while the application runs.',
    end: [
      'Options of the application come from the environment (SILO_…, DRACHTIO_…), or',
      'from the JSON file that SILO_CONFIG names; secrets also from files, such as',
      'SILO_STORE_FILE names. No secret is an argument.',
      '',
      'Exit codes:',
      ...Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code}  ${meaning}`),
    ].join('\n'),
    nouns: {
      box: 'the messages that wait for one address',
      message: 'one message',
      dead: 'what could not be delivered',
      reminder: 'what waits for its time',
      mailbox: 'what a lamp shows',
      person: 'all that is stored about somebody',
      device: 'the phones of somebody',
      binding: 'where somebody is registered',
      node: 'who works on this store',
      quarantine: 'a time in which nothing leaves a box',
      user: 'who may log in',
    },
    commands: [
      start,
      migrateCommand,
      doctor,
      encryptCommand,
      ...[boxList, boxShow, boxRequeue, boxRemove, boxMove, messageShow],
      ...[deadList, deadReplay, deadDrop, reminderList, reminderCancel],
      ...[mailboxList, mailboxShow, personExport, personErase],
      ...[deviceList, bindingList, nodeList],
      ...[quarantineBegin, quarantineShow, quarantineEnd],
      ...[userAdd, userPasswd, userList, userRemove],
      ...[importCommand, exportCommand],
      ...[send, register, watch],
      completion(book),
    ],
  };
}
