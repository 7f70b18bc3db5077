import { expect, test } from 'vitest';
import { causeOf } from '../../../lib/sip/read/cause.ts';

test.each([
  ['sip:bob@example.org;cause=480', 480],
  ['sips:bob@example.org:5061;transport=tcp;CAUSE=408', 408],
  ['sip:bob@example.org', undefined],
  ['sip:bob@example.org;cause', undefined],
  ['sip:bob@example.org;cause=200', undefined],
  ['sip:bob@example.org;cause=4800', undefined],
  ['sip:cause=480@example.org', undefined],
  ['sip:bob@example.org?cause=480', undefined],
  ['no URI at all', undefined],
])('the cause in %s is %s', (uri, cause) => {
  expect(causeOf(uri)).toBe(cause);
});
