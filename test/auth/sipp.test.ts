/** Digest authentication with a client that nobody here has written. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needing } from '../support/needing.ts';
import { runSipp, sippMissing } from '../support/sipp.ts';
import { asking, PASSWORD, type Asking } from './asking.ts';

/** Asks twice: without, and with what the challenge wants. */
function scenario(method: string, password: string, last: number): string {
  const uri = method === 'REGISTER' ? 'sip:example.org' : 'sip:alice@example.org';
  const to = method === 'REGISTER' ? 'bob' : 'alice';
  const request = (cseq: number, authorization: string) => `<send retrans="500"><![CDATA[
${method} ${uri} SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];rport;branch=[branch]
Max-Forwards: 70
From: <sip:bob@example.org>;tag=[pid]
To: <sip:${to}@example.org>
Call-ID: [call_id]
CSeq: ${cseq} ${method}
Contact: <sip:bob@[local_ip]:[local_port];transport=[transport]>
${authorization}Content-Type: text/plain
Content-Length: [len]

hello
  ]]></send>`;
  return `<?xml version="1.0"?><scenario name="${method}">
${request(1, '')}
<recv response="401" auth="true" timeout="5000"/>
${request(2, `[authentication username=bob password=${password}]\n`)}
<recv response="${last}" timeout="5000"/>
</scenario>`;
}

describe.each(['u1', 't1'] as const)('sipp over %s', needing(sippMissing()), (transport) => {
  let scene: Asking;
  beforeAll(async () => {
    // It answers the first challenge, and knows MD5 only, as older phones do.
    scene = await asking({ auth: { mode: 'on', algorithms: ['MD5', 'SHA-256'] } });
  });
  afterAll(() => scene.close());

  test.each([
    ['REGISTER', PASSWORD, 200],
    ['MESSAGE', PASSWORD, 202],
    ['REGISTER', 'wrong', 401],
    ['MESSAGE', 'wrong', 401],
  ] as const)('%s with the password %s ends with %i', async (method, password, last) => {
    const { host, port } = scene.node.server;
    // By itself it would answer for the address that it sends to, whatever the Request-URI says.
    const target = method === 'REGISTER' ? 'example.org' : 'alice@example.org';
    const { code, errors, messages } = await runSipp({
      ...{ scenario: scenario(method, password, last), remote: `${host}:${port}`, transport },
      args: ['-auth_uri', target],
    });
    expect(errors).toBe('');
    expect(code).toBe(0);
    expect(messages.filter(({ text }) => /^Authorization: Digest /m.test(text))).toHaveLength(1);
  });
});
