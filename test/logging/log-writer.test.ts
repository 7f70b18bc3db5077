/** What the application writes of its log. */
import { afterEach, describe, expect, test } from 'vitest';
import { logger } from '../../lib/base/log.ts';
import { startLog } from '../../lib/logging/log-writer.ts';
import { logOptions, type LogSettings } from '../../lib/logging/options.ts';
import { until } from '../support/until.ts';

let stop: () => void = () => undefined;
afterEach(() => {
  stop();
});

/** Lines as they are written, and a clock. */
function start(settings: Partial<LogSettings>, hasDebug = false) {
  const lines: string[] = [];
  const clock = { now: Date.UTC(2030, 0, 31) };
  stop = startLog({ ...logOptions.defaults, ...settings }, 'one', {
    write: (line) => lines.push(line),
    now: () => clock.now,
    hasDebug,
  });
  return { lines, clock };
}
const fields = { box: 'bob@example.org', callId: 'c1', status: 202 };

describe('the log of a process', () => {
  test('as text: time, level, room, and what there is to say', () => {
    const { lines } = start({});
    logger('room').debug('fine', fields);
    logger('room').warn('a warning\nof two lines', fields);
    expect(lines).toEqual(['2030-01-31T00:00:00.000Z warn room: a warning\nof two lines\n']);
  });

  test('as JSON: an object a line, with the fields and the node', () => {
    const { lines } = start({ format: 'json', level: 'debug' });
    logger('room').debug('two\nlines', fields);
    logger('room').error('broken', { node: 'two' });
    expect(lines.every((line) => line.endsWith('}\n') && !line.slice(0, -1).includes('\n'))).toBe(true);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        time: '2030-01-31T00:00:00.000Z',
        level: 'debug',
        room: 'room',
        msg: 'two\nlines',
        node: 'one',
        ...fields,
      },
      { time: '2030-01-31T00:00:00.000Z', level: 'error', room: 'room', msg: 'broken', node: 'two' },
    ]);
  });

  test.each([
    ['error', ['error']],
    ['warn', ['warn', 'error']],
    ['debug', ['debug', 'warn', 'error']],
    ['off', []],
  ] as const)('of the level %s has %j', (level, wanted) => {
    const { lines } = start({ level, format: 'json' });
    const log = logger(`room ${level}`);
    for (const name of ['debug', 'warn', 'error'] as const) log[name](`a line at ${name}`);
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(wanted);
  });

  test('has at most so many lines a second, and says how many were left out', async () => {
    const { lines, clock } = start({ level: 'debug', rate: 10 });
    const log = logger('room');
    for (let n = 0; n < 25; n++) log.debug(`line ${n}`);
    expect(lines).toHaveLength(10);
    clock.now += 1000;
    log.debug('the next second');
    expect(lines.slice(10).map((line) => line.slice(25))).toEqual([
      'warn log: 15 lines of one second were left out (SILO_LOG_RATE)\n',
      'debug room: the next second\n',
    ]);
    for (let n = 0; n < 12; n++) log.debug(`line ${n}`);
    // Also when nothing more is said.
    await until(() => expect(lines.at(-1)).toContain('3 lines of one second were left out'));
  });

  test('stands once: what DEBUG names is left to debug, unless it is to be JSON', () => {
    const text = start({}, true);
    logger('room').error('an error');
    expect(text.lines).toEqual([]);
    const json = start({ format: 'json' }, true);
    logger('room').error('another error');
    expect(json.lines).toHaveLength(1);
  });
});
