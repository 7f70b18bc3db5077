/**
 * A SIP message in the making: text in latin1, one character a byte. What is only known when it is sent stands in braces:
 * `{peer}` (host:port of the sender), `{server}`, `{run}` (a word that no other run has) and `{nr}`.
 */
export interface Draft {
  readonly start: string;
  /** Header lines, Content-Length left out. */
  readonly lines: readonly string[];
  readonly body: string;
  /** Content-Length as given; 'right' is counted, 'none' has no such line. */
  readonly length: 'right' | 'none' | (string & {});
}

export const DOMAIN = 'fuzz.invalid';

export function text({ start, lines, body, length }: Draft): string {
  const counted = length === 'right' ? String(body.length) : length;
  const all = [start, ...lines, ...(length === 'none' ? [] : [`Content-Length: ${counted}`])];
  return `${all.join('\r\n')}\r\n\r\n${body}`;
}

export interface RequestParts {
  readonly method: string;
  readonly uri?: string;
  readonly from?: string;
  readonly to?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  readonly transport?: 'UDP' | 'TCP';
}

/** The branch by which the answer to an input is known. */
export const BRANCH = 'z9hG4bK{run}n{nr}';

/** A well-formed request. */
export function request({
  method,
  from = `s@${DOMAIN}`,
  to = `u@${DOMAIN}`,
  uri = `sip:${to}`,
  headers = [],
  body = '',
  transport = 'UDP',
}: RequestParts): Draft {
  return {
    start: `${method} ${uri} SIP/2.0`,
    lines: [
      `Via: SIP/2.0/${transport} {peer};rport;branch=${BRANCH}`,
      'Max-Forwards: 70',
      `From: <sip:${from}>;tag=f{nr}`,
      `To: <sip:${to}>`,
      'Call-ID: {run}n{nr}',
      `CSeq: 7 ${method}`,
      ...headers,
    ],
    body,
    length: 'right',
  };
}
