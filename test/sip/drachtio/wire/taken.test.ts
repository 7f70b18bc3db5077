/** Frames of drachtio-server that are about something of ours: acknowledgements, and answers of peers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headersIn } from '../../../../lib/sip/read/headers.ts';
import { acknowledgementOf, answerOf } from '../../../../lib/sip/drachtio/wire/taken.ts';

const ID = '0c4b7f0e-5a3d-4d8e-9a53-0a4f9f2f6b11';
const OURS = '7d3f2a90-1f56-4f3e-8b0f-5a6f8e9d0c22';

function answer(lines: readonly string[], address = '10.0.0.9'): string {
  return [`${ID}|sip|network|300|udp|${address}|5060|12:00:01.000000|transaction|dialog`, ...lines].join(
    '\r\n',
  );
}

describe('an acknowledgement', () => {
  test('says which frame it is for, and what the server says', () => {
    const frame = `${ID}|response|${OURS}|OK|application|400|udp|10.0.0.9|5060|12:00:01.0|transaction|\r\nMESSAGE sip:bob@10.0.0.9 SIP/2.0\r\nCSeq: 3 MESSAGE\r\n\r\n`;
    expect(acknowledgementOf(frame)).toMatchObject({ id: OURS, token: { 0: 'OK', 7: 'transaction' } });
  });

  test('of what failed has the reason', () => {
    expect(acknowledgementOf(`${ID}|response|${OURS}|NOK|unable to find dialog for 1`)?.token).toEqual([
      'NOK',
      'unable to find dialog for 1',
    ]);
  });

  test('is nothing else', () => {
    expect(acknowledgementOf(answer(['SIP/2.0 200 OK', '', '']))).toBeUndefined();
    expect(acknowledgementOf('')).toBeUndefined();
    expect(acknowledgementOf('response|x')).toBeUndefined();
  });
});

describe('an answer', () => {
  test('has its status, reason, transaction and headers, compact, folded and repeated ones too', () => {
    const taken = answerOf(
      answer([
        'SIP/2.0 503 Come back later',
        'Retry-After: 7',
        'm: <sip:a@b>',
        'Warning: 399 x "one',
        ' two"',
        'Warning: 399 x "three"',
        'no header at all',
        '',
        'body: no header',
      ]),
    );
    expect(taken).toMatchObject({
      status: 503,
      reason: 'Come back later',
      isOfPeer: true,
      transaction: 'transaction',
    });
    const headers = headersIn(taken?.head ?? '');
    expect(['retry-after', 'contact', 'warning', 'body'].map((name) => headers.get(name))).toEqual([
      '7',
      '<sip:a@b>',
      '399 x "one two",399 x "three"',
      undefined,
    ]);
  });

  test('without an address was made up by the server', () => {
    expect(answerOf(answer(['SIP/2.0 408 Request Timeout', '', ''], ''))?.isOfPeer).toBe(false);
  });

  test('is no request, nothing of the server itself, and nothing whose status can not be read', () => {
    expect(answerOf(answer(['MESSAGE sip:a@b SIP/2.0', '', '']))).toBeUndefined();
    expect(answerOf(answer(['SIP/2.0 20 OK', '', '']))).toBeUndefined();
    expect(answerOf(answer(['SIP/2.0 2000 OK', '', '']))).toBeUndefined();
    expect(
      answerOf(answer(['SIP/2.0 200 OK', '', '']).replace('|network|', '|application|')),
    ).toBeUndefined();
    expect(answerOf(`${ID}|sip|network`)).toBeUndefined();
  });

  test('of any text throws nothing, and its reason has an end', () => {
    const piece = fc.constantFrom(
      '|',
      '\r\n',
      'SIP/2.0 ',
      '200',
      ' ',
      'sip',
      'network',
      'response',
      ':',
      'x',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 40 }), (pieces) => {
        const frame = `${ID}|sip|network|${pieces.join('')}`;
        acknowledgementOf(frame);
        const head = answerOf(frame)?.head ?? '';
        expect(headersIn(head).get('x')?.length ?? 0).toBeLessThanOrEqual(frame.length);
        expect(answerOf(answer([`SIP/2.0 200 ${'y'.repeat(9_000)}`, '', '']))?.reason.length).toBe(500);
      }),
    );
  });
});
