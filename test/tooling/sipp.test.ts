import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needing } from '../support/needing.ts';
import { hostPort, reply } from '../support/sip/message.ts';
import { UdpPeer } from '../support/sip/peer.ts';
import { runSipp, sippMissing, startSipp } from '../support/sipp.ts';

const MESSAGE = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="message">
  <send retrans="5000"><![CDATA[
MESSAGE sip:[to]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:alice@silo.test>;tag=[call_number]
To: <sip:[to]@silo.test>
Call-ID: [call_id]
CSeq: 1 MESSAGE
Max-Forwards: 70
Content-Type: text/plain
Content-Length: [len]

[field0]]]></send>
  <recv response="202" timeout="2000"/>
</scenario>`;

const SERVER = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="server">
  <recv request="MESSAGE"/>
  <send><![CDATA[
SIP/2.0 202 Accepted
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

  ]]></send>
</scenario>`;

/** Answers each request. */
async function answering(status: number, reason: string): Promise<UdpPeer> {
  const peer = await UdpPeer.open({ host: '127.0.0.1', port: 9 });
  peer.onMessage = (message) => peer.send(reply(message, status, reason), message.source);
  return peer;
}

describe('sipp', needing(sippMissing()), () => {
  let accepting: UdpPeer;
  beforeAll(async () => {
    accepting = await answering(202, 'Accepted');
  });
  afterAll(() => accepting.close());

  test('runs a scenario and reports its calls and its messages', async () => {
    const result = await runSipp({
      scenario: MESSAGE,
      remote: hostPort(accepting),
      calls: 3,
      rate: 100,
      keys: { to: 'bob' },
      csv: [['one'], ['two: zwölf 🙂'], ['three']],
    });
    expect(result.errors).toBe('');
    expect(result.code).toBe(0);
    expect(result.stats).toMatchObject({ calls: 3, successful: 3, failed: 0, retransmissions: 0 });
    const sent = result.messages.filter(({ direction }) => direction === 'sent');
    expect(sent.map(({ text }) => text.split('\r\n\r\n')[1])).toEqual(['one', 'two: zwölf 🙂', 'three']);
    expect(sent[0]?.text).toMatch(/^MESSAGE sip:bob@127\.0\.0\.1/);
    expect(result.messages).toHaveLength(6);
  });

  test('reports a call that fails, and why', async () => {
    const refusing = await answering(404, 'Not Found');
    const result = await runSipp({
      scenario: MESSAGE,
      remote: hostPort(refusing),
      keys: { to: 'bob' },
      csv: [['x']],
    });
    await refusing.close();
    expect(result.code).toBe(1);
    expect(result.stats).toMatchObject({ successful: 0, failed: 1 });
    expect(result.errors).toContain('404 Not Found');
  });

  test.each(['u1', 't1'] as const)(
    'plays the server too, and two of them understand each other (%s)',
    async (transport) => {
      const server = await startSipp({ scenario: SERVER, transport, calls: 2 });
      const remote = `127.0.0.1:${server.port}`;
      const client = await runSipp({
        scenario: MESSAGE,
        remote,
        transport,
        calls: 2,
        keys: { to: 'bob' },
        csv: [['a'], ['b']],
      });
      expect(client.errors).toBe('');
      expect(client.stats.successful).toBe(2);
      expect((await server.done).code).toBe(0);
      expect(client.messages.map(({ direction }) => direction).sort()).toEqual([
        'received',
        'received',
        'sent',
        'sent',
      ]);
      expect(server.messages()).toHaveLength(4);
    },
  );

  test('listens when its start is reported', async () => {
    const server = await startSipp({ scenario: SERVER, transport: 't1' });
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    expect((await server.stop()).code).toBeNull();
  });

  test('is ended when it takes too long', async () => {
    const result = await runSipp({ scenario: SERVER, timeoutMs: 200 });
    expect(result.code).toBeNull();
    expect(result.errors).toMatch(/did not end within 200 ms/);
  });

  test('says what is wrong with a scenario', async () => {
    const result = await runSipp({ scenario: '<scenario><nonsense/></scenario>' });
    expect(result.code).not.toBe(0);
    expect(result.errors).toContain('scenario.xml');
  });
});
