import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logger, onLog, type LogFields } from '../../lib/base/log.ts';

describe('warnings that strangers can set off', () => {
  const lines: string[] = [];
  let stop: () => void;
  beforeEach(() => {
    vi.useFakeTimers();
    lines.length = 0;
    stop = onLog((level, room, message) => void lines.push(`${level} ${room}: ${message}`));
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it('are one line a second and kind, with a count of the rest', () => {
    const log = logger('test');
    for (let at = 0; at < 1000; at += 1)
      log.warn(`the answer ${at} to <sip:user${at}@example.com> did not go out`);
    log.warn('something else');
    expect(lines).toEqual([
      'warn test: the answer 0 to <sip:user0@example.com> did not go out',
      'warn test: something else',
    ]);
    vi.advanceTimersByTime(1000);
    expect(lines.slice(2)).toEqual([
      'warn test: 999 more within a second like: the answer 0 to <sip:user0@example.com> did not go out',
    ]);
    log.warn('the answer 5 to nobody did not go out');
    expect(lines).toHaveLength(4);
  });

  it('are bounded whatever words they have', () => {
    const log = logger('test');
    const word = (at: number) => String(at).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] ?? '');
    for (let at = 0; at < 10_000; at += 1) log.error(word(at));
    expect(lines.length).toBeLessThanOrEqual(201);
  });
});

describe('whoever listens', () => {
  const heard: [string, string, LogFields][] = [];
  let stop: () => void = () => undefined;
  beforeEach(() => {
    heard.length = 0;
  });
  afterEach(() => {
    stop();
  });
  const listen = (level?: 'debug' | 'warn' | 'error') =>
    onLog(
      (of, _, message, fields) => heard.push([of, message, fields]),
      level === undefined ? {} : { level },
    );

  it('reads nothing that moves the cursor of a terminal, and stack traces with their lines', () => {
    stop = listen();
    logger('test').warn('the phone said \x1b[2JGone\x07\x9b1A\x7f\r');
    logger('test').error('Error: no\n\tat here');
    expect(heard.map(([, message]) => message)).toEqual([
      'the phone said \\x1b[2JGone\\x07\\x9b1A\\x7f\\x0d',
      'Error: no\n\tat here',
    ]);
  });

  it('is told what a line is about, and above debug level not whom it names', () => {
    stop = listen('debug');
    const fields = { box: 'bob@example.org', contact: 'sip:bob@192.0.2.1', callId: 'c1', status: 202 };
    const log = logger('test');
    log.debug('fine', fields);
    log.warn('a warning', fields);
    log.error('an error');
    expect(heard).toEqual([
      ['debug', 'fine', fields],
      ['warn', 'a warning', { callId: 'c1', status: 202 }],
      ['error', 'an error', {}],
    ]);
  });

  it('hears from the level on that it names, and says whether debug lines are read', () => {
    const log = logger('test');
    const all = () => {
      log.debug('debug line');
      log.warn('warning line');
      log.error('error line');
    };
    expect(log.isRead()).toBeFalsy();
    stop = listen();
    all();
    expect(heard.map(([level]) => level)).toEqual(['warn', 'error']);
    stop();
    stop = listen('error');
    logger('other').error('one more');
    logger('other').warn('not heard');
    expect(heard.map(([, message]) => message).slice(2)).toEqual(['one more']);
    stop();
    stop = listen('debug');
    expect(log.isRead()).toBe(true);
    stop();
    expect(log.isRead()).toBeFalsy();
    all();
    expect(heard).toHaveLength(3);
  });
});
