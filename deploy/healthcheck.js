// For a container: ends with 0 when the application beside it would take a message now, else with 1 and the reason.
const [, host = '127.0.0.1', port = '8060'] =
  /^(\[.*\]|[^:]*):(\d+)$/.exec(process.env.SILO_HTTP_LISTEN ?? '') ?? [];
/** Where it listens on all addresses it is asked on this one. */
const near = { '0.0.0.0': '127.0.0.1', '[::]': '[::1]' }[host] ?? host;

try {
  const answer = await fetch(`http://${near}:${port}/readyz`, { signal: AbortSignal.timeout(4_000) });
  if (!answer.ok) throw new Error(`not ready: ${answer.status}`);
} catch (error) {
  console.error(error.cause?.message ?? error.message);
  process.exitCode = 1;
}
