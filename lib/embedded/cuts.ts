/** What drachtio-server's fixed buffers leave of a frame. */
import type { AppFrame } from './wire.ts';

const limits = { startLine: 511, headers: 8_399, body: 12_287, id: 127, dialogId: 1_023, proxy: 511 };

/** The body is a C string there: it also ends at its first NUL. */
export function cut(frame: AppFrame): AppFrame {
  const [messageId = '', type = '', transactionId, dialogId, proxy, ...more] = frame.tokens;
  const nul = frame.body.indexOf(0);
  const tokens = [
    messageId,
    type,
    ...(transactionId === undefined ? [] : [transactionId.slice(0, limits.id)]),
    ...(dialogId === undefined ? [] : [dialogId.slice(0, limits.dialogId)]),
    ...(proxy === undefined ? [] : [proxy.slice(0, limits.proxy)]),
    ...more,
  ];
  return {
    tokens: type === 'sip' ? tokens : frame.tokens,
    startLine: frame.startLine.slice(0, limits.startLine),
    headers: frame.headers.slice(0, limits.headers),
    body: frame.body.subarray(0, Math.min(nul < 0 ? frame.body.length : nul, limits.body)),
  };
}
