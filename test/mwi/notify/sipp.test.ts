/** The lamps as sipp sees them: a subscriber and a publisher that somebody else has written. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needing } from '../../support/needing.ts';
import { startNode, type TestNode } from '../../support/node.ts';
import { runSipp, sippMissing, startSipp } from '../../support/sipp.ts';
import { until } from '../../support/until.ts';

const head = (
  method: string,
  cseq: string,
  to: string,
  from = '[user]',
) => `${method} sip:[user]@example.org SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:${from}@example.org>;tag=[call_number]
To: <sip:[user]@example.org>${to}
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Max-Forwards: 70
Event: message-summary`;

const OK = `<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>`;

const subscribe = (cseq: number, expires: number, to: string) => `<send retrans="5000"><![CDATA[
${head('SUBSCRIBE', String(cseq), to)}
Contact: <sip:[user]@[local_ip]:[local_port]>
Accept: application/simple-message-summary
Expires: ${expires}
Content-Length: 0

]]></send>
<recv response="200" rtd="true"><action>
  <ereg regexp="[0-9]+" search_in="hdr" header="Expires:" check_it="true" assign_to="granted"/>
</action></recv>`;

/** A NOTIFY with this state, and with this text in its body. */
const notify = (state: string, text: string) => `<recv request="NOTIFY"><action>
  <ereg regexp="${state}" search_in="hdr" header="Subscription-State:" check_it="true" assign_to="state"/>
  <ereg regexp="${text}" search_in="msg" check_it="true" assign_to="text"/>
</action></recv>
${OK}`;

const SUBSCRIBER = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="subscriber">
${subscribe(1, 600, '')}
${notify('active;expires=(600|599)', 'Messages-Waiting: no')}
${notify('active;expires=', 'Voice-Message: 3/1 .0/0.')}
${subscribe(2, 300, '[peer_tag_param]')}
${notify('active;expires=(300|299)', 'Voice-Message: 3/1')}
${subscribe(3, 0, '[peer_tag_param]')}
${notify('terminated;reason=timeout', 'Voice-Message: 3/1')}
<Reference variables="granted,state,text"/>
</scenario>`;

const body = (count: string) => `Messages-Waiting: yes
Voice-Message: ${count}
`;

const publish = (
  cseq: number,
  expires: number,
  extra: string,
  content: string,
) => `<send retrans="5000"><![CDATA[
${head('PUBLISH', String(cseq), '', 'voicemail')}
Expires: ${expires}
${extra}Content-Length: [len]

${content}]]></send>
<recv response="200"><action>
  <ereg regexp="[0-9a-f]+" search_in="hdr" header="SIP-ETag:" check_it="true" assign_to="tag"/>
</action></recv>`;

const TYPE = 'Content-Type: application/simple-message-summary\n';
const PUBLISHER = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="publisher">
${publish(1, 600, TYPE, body('1/0'))}
${publish(2, 600, 'SIP-If-Match: [$tag]\n', '')}
${publish(3, 600, `SIP-If-Match: [$tag]\n${TYPE}`, body('3/1'))}
</scenario>`;

describe('sipp', needing(sippMissing()), () => {
  let node: TestNode;
  beforeAll(async () => {
    node = await startNode();
  });
  afterAll(() => node.close());
  const remote = () => `${node.server.host}:${node.server.port}`;

  test.each(['u1', 't1'] as const)(
    'subscribes, is notified, refreshes and unsubscribes, and publishes (%s)',
    async (transport) => {
      const user = `bob-${transport}`;
      const watcher = await startSipp({ scenario: SUBSCRIBER, remote: remote(), transport, keys: { user } });
      await until(() => watcher.messages().some(({ text }) => text.startsWith('NOTIFY')));
      const publisher = await runSipp({ scenario: PUBLISHER, remote: remote(), transport, keys: { user } });
      expect(publisher.errors).toBe('');
      expect(publisher.code).toBe(0);
      const result = await watcher.done;
      expect(result.errors).toBe('');
      expect(result.stats).toMatchObject({ calls: 1, successful: 1, failed: 0, retransmissions: 0 });
    },
  );
});
