/** What drachtio-server's fixed buffers leave of a frame. */
import type { AppFrame } from './wire.ts';

const LIMITS = { startLine: 512, headers: 8_400, body: 12_288, id: 128, dialogId: 1_024, proxy: 512 };

/** The body is a C string there: it also ends at its first NUL. */
export function cut(frame: AppFrame): AppFrame {
  const [messageId = '', type = '', transactionId, dialogId, proxy, ...more] = frame.tokens;
  const nul = frame.body.indexOf(0);
  const tokens = [
    messageId,
    type,
    ...(transactionId === undefined ? [] : [transactionId.slice(0, LIMITS.id)]),
    ...(dialogId === undefined ? [] : [dialogId.slice(0, LIMITS.dialogId)]),
    ...(proxy === undefined ? [] : [proxy.slice(0, LIMITS.proxy)]),
    ...more,
  ];
  return {
    tokens: type === 'sip' ? tokens : frame.tokens,
    startLine: frame.startLine.slice(0, LIMITS.startLine),
    headers: frame.headers.slice(0, LIMITS.headers),
    body: frame.body.subarray(0, Math.min(nul < 0 ? frame.body.length : nul, LIMITS.body)),
  };
}
