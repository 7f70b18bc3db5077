/** Options of the log: what the application writes on standard error. */
import { oneOf, whole } from '../options/kinds.ts';
import { defineOptions, option, type SettingsOf } from '../options/option.ts';

export type LogSettings = SettingsOf<typeof logOptions>;

export const logOptions = defineOptions(
  'startLog',
  {
    format: option(
      oneOf(['text', 'json']),
      'text',
      'form of the log on standard error: lines to read, or a JSON object a line',
      { key: 'log' },
    ),
    level: option(
      oneOf(['debug', 'warn', 'error', 'off']),
      'warn',
      'what is written; `debug` names users and follows every request',
    ),
    rate: option(whole(0), 1_000, 'lines a second that are written at most; 0: no limit', {
      note: 'how many were left out is said',
    }),
  },
  { prefix: 'log' },
);
