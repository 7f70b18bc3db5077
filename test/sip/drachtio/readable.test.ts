import { describe, expect, test } from 'vitest';
import { readable } from '../../../lib/sip/drachtio/readable.ts';
import { rawRequest } from '../raw-request.ts';

const META = '1|sip|network|100|udp|127.0.0.1|5060|10:00:00|t|d|';
const frame = (...lines: readonly string[]) => [META, ...lines, '', ''].join('\r\n');

describe('what drachtio-srf is given', () => {
  test('is the frame itself where it can read all of it', () => {
    const all = frame('MESSAGE sip:a@b SIP/2.0', 'From: x', ' folded', 'X:y', "100%-.!*_+`'~ \t: z");
    expect(readable(all)).toBe(all);
    expect(readable('1|response|2|OK|pong')).toBe('1|response|2|OK|pong');
  });

  test.each([
    ['without a colon', 'No colon'],
    ['with a blank in its name', 'Sp ace: x'],
    ['that is empty but for control characters', '\u0001\u0002'],
    // What a proxy before us takes for a header that it need not know, drachtio-srf takes for P-Asserted-Identity.
    ['with an escape in its name', 'P-Asserted%2DIdentity: <sip:bob@example.org>'],
    ['with a long escape in its name', 'P-Asserted%u002DIdentity: <sip:bob@example.org>'],
    ['with white space that is no blank behind its name', 'P-Asserted-Identity\u00a0: <sip:bob@example.org>'],
    ['with a line end behind its name', 'P-Asserted-Identity\r\n : <sip:bob@example.org>'],
    ['with a letter in its name that only looks like k', 'X-\u212a: y'],
  ])('is the frame without a line %s', (_, line) => {
    const left = readable(frame('SIP/2.0 200 OK', 'From: x', line, 'To: y'));
    expect(left).toBe(frame('SIP/2.0 200 OK', 'From: x', 'To: y'));
  });

  test.each(['OK\r\n folded', 'O\nK', 'O\u2028K'])('has a reason phrase in one line: %j', (reason) => {
    const left = readable(frame(`SIP/2.0 200 ${reason}`, 'From: x')) ?? '';
    expect(left.split('\r\n')[1]).toMatch(/^SIP\/2\.0 200 O[ -~]+$/);
  });

  test.each([1, 2])('is all of a message that ends after %d line ends, without an empty line', (ends) => {
    const cut = `${META}\r\nNOTIFY sip:a@b SIP/2.0\r\nFrom: x`;
    expect(readable(cut + '\r\n'.repeat(ends - 1))).toBe(cut);
  });

  test.each([
    ['SUBSCRIBE sip:a@b SIP/2.0\rFrom: x\rContact: *\r\r', ''],
    ['SUBSCRIBE sip:a@b SIP/2.0\nFrom: x\nContact: *\n\nbo\rdy', 'bo\rdy'],
    ['SUBSCRIBE sip:a@b SIP/2.0\r\nFrom: x\rContact: *\r\n\r\nbo\ndy', 'bo\ndy'],
    ['SUBSCRIBE sip:a@b SIP/2.0\rFrom: x\r\nContact: *\n\rbody\r\n\r\nmore', 'body\r\n\r\nmore'],
  ])('has the headers that drachtio-server sees when a line ends otherwise: %j', (text, body) => {
    expect(readable(`${META}\r\n${text}`)).toBe(
      frame('SUBSCRIBE sip:a@b SIP/2.0', 'From: x', 'Contact: *') + body,
    );
  });

  test('keeps the body, whatever is in it', () => {
    expect(readable(`${frame('SIP/2.0 200 OK', 'No colon', 'l: 9')}no colon\r\n\r\n`)).toBe(
      `${frame('SIP/2.0 200 OK', 'l: 9')}no colon\r\n\r\n`,
    );
  });

  test.each(['', 'nonsense', 'MESSAGE sip:a@b', 'SIP/2.0 OK', 'M\u00e9SSAGE sip:a@b SIP/2.0'])(
    'is nothing for the start line %j',
    (start) => expect(readable(frame(start, 'From: x'))).toBeUndefined(),
  );

  test('is found at once, whatever blanks are in a status line', () => {
    const began = performance.now();
    const line = `SIP/2.0 200${' '.repeat(1_500)}\u2028x\u2028x`;
    expect(readable(frame(line, 'From: x'))).toBe(frame('SIP/2.0 200 x x', 'From: x'));
    expect(performance.now() - began).toBeLessThan(500);
  });

  test('is an acknowledgement without the message that it quotes, if that is none', () => {
    const meta = '1|response|2|OK|application|308||127.0.0.1|9|10:00:00|t|a;from-tag=b';
    expect(readable(`${meta}\r\n folded||Msg sent:|\r\nSIP/2.0 200 OK\r\n\r\n`)).toBe(meta);
  });

  test.each(['No colon', 'Sp ace: x'])('is what its own parser would give up on: %s', (line) =>
    expect(() => rawRequest(['From: x', line])).toThrow('failed to parse'),
  );
});
