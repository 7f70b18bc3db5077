/** Answers to our own requests, to begin with; `{via}` and the like are copied from the request that is answered. */
const copied = ['Via: {via}', 'From: {from}', 'To: {to};tag=d{nr}', 'Call-ID: {call-id}', 'CSeq: {cseq}'];

const answer = (status: string, more: readonly string[] = [], body = ''): string =>
  [`SIP/2.0 ${status}`, ...copied, ...more, `Content-Length: ${body.length}`, '', body].join('\r\n');

export const ANSWERS = [
  answer('200 OK'),
  answer('200 OK', ['Contact: <sip:a@{peer}>', 'Content-Type: text/plain'], 'thanks'),
  answer('202 Accepted'),
  answer('100 Trying'),
  answer('180 Ringing'),
  answer('301 Moved', ['Contact: <sip:b@{peer}>, <sip:c@{peer}>;q=0.1']),
  answer('401 Unauthorized', ['WWW-Authenticate: Digest realm="x", nonce="y"']),
  answer('407 Proxy Authentication Required', ['Proxy-Authenticate: Digest realm="x", nonce="y"']),
  answer('404 Not Found'),
  answer('415 Unsupported Media Type', ['Accept: text/plain, text/*', 'Accept-Encoding: identity']),
  answer('420 Bad Extension', ['Unsupported: x']),
  answer('423 Interval Too Brief', ['Min-Expires: 60']),
  answer('480 Away', ['Retry-After: 1 (soon);duration=3']),
  answer('481 Gone'),
  answer('486 Busy Here'),
  answer('489 Bad Event', ['Allow-Events: message-summary']),
  answer('500 Broken', ['Retry-After: 1']),
  answer('503 Later', ['Retry-After: 1']),
  answer('603 No'),
  answer('699 No'),
  answer('999 Unheard of'),
] as const;
