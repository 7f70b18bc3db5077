/** The codec and the stream framers, by properties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../../lib/embedded/text/address.ts';
import { Expiring } from '../../../lib/base/expiring.ts';
import type { Received } from '../../../lib/embedded/network/flow.ts';
import { encode, isResponse, readHeaders, readMessage } from '../../../lib/embedded/text/message.ts';
import { StreamFramer } from '../../../lib/embedded/network/stream.ts';
import { readNameAddr, readUri, splitList, writeNameAddr } from '../../../lib/embedded/text/uri.ts';
import { readVia, received } from '../../../lib/embedded/text/via.ts';
import { FrameReader, readFrame, writeFrame } from '../../../lib/embedded/wire.ts';
import { until } from '../../support/until.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

/** Cuts a buffer at random places. */
function pieces(buffer: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (buffer.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => buffer.subarray(start, at[index] ?? buffer.length));
}

function framer() {
  const messages: Received[] = [];
  const seen = { messages, pings: 0, lost: false };
  const stream = new StreamFramer({
    onPing: () => (seen.pings += 1),
    onMessage: (message) => messages.push(message),
    onLost: () => (seen.lost = true),
  });
  return { stream, seen };
}

describe('the SIP codec', () => {
  it('finds the same messages in a stream however it is cut', () => {
    const message = bytes.map((body) =>
      encode(['MESSAGE sip:a@b SIP/2.0', 'Via: x', `l: ${body.length}`], body),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(2_000)), (all, cuts) => {
        const { stream, seen } = framer();
        for (const piece of pieces(Buffer.concat(all), cuts)) stream.push(piece);
        expect(seen.messages.map((one) => one.bytes.toString('latin1'))).toEqual(
          all.map((one) => one.toString('latin1')),
        );
        expect(seen.lost).toBe(false);
      }),
    );
  });

  it('never throws and never keeps more than it must on any bytes', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 20 }), (all) => {
        const { stream } = framer();
        for (const piece of all) stream.push(piece);
      }),
    );
  });

  it('answers one keep-alive per run of line ends, and none for the line end between messages', () => {
    const { stream, seen } = framer();
    stream.push(Buffer.from('\r\n'));
    expect(seen.pings).toBe(0);
    stream.push(Buffer.from('\r\n'));
    expect(seen.pings).toBe(1);
    stream.push(encode(['OPTIONS sip:a SIP/2.0', 'Content-Length: 0'], Buffer.alloc(0)));
    stream.push(Buffer.from('\r\n'));
    stream.push(encode(['OPTIONS sip:a SIP/2.0', 'Content-Length: 0'], Buffer.alloc(0)));
    expect([seen.pings, seen.messages.length]).toEqual([1, 2]);
  });

  it('gives up on a head without end, and on a message over 2 MiB once its bytes have come', () => {
    const endless = framer();
    for (let at = 0; at < 70; at += 1) endless.stream.push(Buffer.alloc(1_000, 0x61));
    expect(endless.seen.lost).toBe(true);
    const large = framer();
    large.stream.push(Buffer.from('MESSAGE sip:a SIP/2.0\r\nContent-Length: 3000000\r\n\r\n'));
    expect(large.seen.messages).toEqual([]);
    for (let at = 0; at < 22; at += 1) large.stream.push(Buffer.alloc(100_000, 0x61));
    expect(large.seen.messages.map((message) => message.fault)).toEqual(['too-large']);
    expect(large.seen.lost).toBe(true);
  });

  it('reads any head or says that it is none, and keeps every byte of a value', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const text = value
          .toString('latin1')
          .replace(/[\r\n]/g, '')
          .trim();
        expect(readHeaders(`X-Any: ${text}`)[0]?.value).toBe(text);
        readMessage(value.toString('latin1'), Buffer.alloc(0));
      }),
    );
  });

  it('tells requests from responses and joins folded lines', () => {
    const response = readMessage('SIP/2.0 202 All Accepted\r\nX: a\r\n b', Buffer.alloc(0));
    expect(response && isResponse(response) && [response.status, response.reason]).toEqual([
      202,
      'All Accepted',
    ]);
    expect(response?.headers[0]?.value).toBe('a b');
    expect(readMessage('hello world', Buffer.alloc(0))).toBeUndefined();
  });

  it('reads its own name-addr again and never throws on others', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{1,8}$/), fc.boolean(), (user, named) => {
        const name = {
          display: named ? '"A, <B> \\" C"' : '',
          uri: `sip:${user}@[::1]:5060;lr`,
          params: ';tag=1',
        };
        expect(readNameAddr(writeNameAddr(name))).toEqual(name);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        readNameAddr(text);
        readUri(text);
        readVia(text);
        splitList(text);
      }),
    );
  });

  it('finds no name-addr in blanks, and is not held up by them', () => {
    const began = performance.now();
    for (const text of [`a${'\t'.repeat(1_500)}<${' '.repeat(1_500)}x`, `a${' '.repeat(60_000)}b`])
      expect(readNameAddr(text)).toBeUndefined();
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('splits lists only at commas outside quotes and brackets', () => {
    expect(splitList('"a, b" <sip:x,y@z>;q=1 , <sip:b>')).toEqual(['"a, b" <sip:x,y@z>;q=1', '<sip:b>']);
  });

  it('reads URIs of both address families', () => {
    expect(readUri('sip:bob@[2001:db8::1]:5070;transport=tcp?X=1')).toEqual({
      scheme: 'sip',
      user: 'bob',
      host: '[2001:db8::1]',
      port: 5070,
      params: ';transport=tcp',
      headers: 'X=1',
    });
    expect(readUri('sip:127.0.0.1')).toMatchObject({ user: '', host: '127.0.0.1', port: undefined });
  });

  it('marks a Via with received and rport, IPv6 included', () => {
    const via = readVia('SIP/2.0/UDP [::1]:5070;rport;branch=z9hG4bKx;received=9.9.9.9');
    expect(via && received(via, '::1', 6000)).toBe('SIP/2.0/UDP [::1]:5070;rport=6000;branch=z9hG4bKx');
    expect(via && received(via, '::2', 6000)).toBe(
      'SIP/2.0/UDP [::1]:5070;rport=6000;branch=z9hG4bKx;received=::2',
    );
  });
});

describe('the wire framing', () => {
  it('gives the frames back however the stream is cut', () => {
    const payload = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(fc.array(payload, { maxLength: 6 }), fc.array(fc.nat(2_000)), (payloads, cuts) => {
        const seen: string[] = [];
        const reader = new FrameReader(
          (frame) => seen.push(frame.toString('latin1')),
          () => false,
        );
        const all = Buffer.concat(payloads.map((one) => Buffer.concat([Buffer.from(`${one.length}#`), one])));
        for (const piece of pieces(all, cuts)) expect(reader.push(piece)).toBe(true);
        expect(seen).toEqual(payloads.map((one) => one.toString('latin1')));
      }),
    );
  });

  it('counts bytes, not characters, and keeps a body as it is', () => {
    const body = Buffer.from([0xff, 0, 0xfe, 0xf0, 0x9f]);
    const frame = writeFrame('id|sip', encode(['MESSAGE sip:a SIP/2.0'], body));
    const length = Number(frame.toString('latin1', 0, frame.indexOf('#')));
    expect(frame.length).toBe(length + frame.indexOf('#') + 1);
    expect(readFrame(frame.subarray(frame.indexOf('#') + 1)).body.equals(body)).toBe(true);
  });

  it.each(['x#', '#', '123456#', '12 #'])('refuses the length %s', (text) => {
    const reader = new FrameReader(
      () => undefined,
      () => false,
    );
    expect(reader.push(Buffer.from(text))).toBe(false);
  });
});

describe('small parts', () => {
  it.each(['', '127.0.0.1', ':5060', '[::1]', '::1:5060x', '1.2.3.4:70000', 'a b:1'])(
    'refuses the address "%s"',
    (text) => {
      expect(() => readAddress(text, 'the SIP address')).toThrow(
        expect.objectContaining({
          code: 'SILO_CONFIG',
          message: expect.stringContaining('the SIP address') as string,
        }),
      );
    },
  );

  it('lets entries of a table expire in order, and not the renewed ones', async () => {
    const gone: string[] = [];
    const table = new Expiring<number>({ life: 200, onExpiry: (key) => gone.push(key) });
    table.set('a', 1);
    table.set('b', 2);
    await until(() => {
      table.set('a', 3);
      return gone.length > 0;
    });
    expect(gone).toEqual(['b']);
    expect(table.get('a')).toBe(3);
    await until(() => gone.length > 1);
    expect(gone).toEqual(['b', 'a']);
    expect(table.size).toBe(0);
  });
});
