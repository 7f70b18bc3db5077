import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logger, onLog } from '../../lib/base/log.ts';

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
