/** The commands of `drachtio-silo`: without one the application starts. */
import { readConfig } from '../config/config.ts';
import { SiloError, traceOf } from '../base/errors.ts';
import { concealed } from '../base/secrets.ts';
import { book } from './commands.ts';
import { EXIT } from './frame/exit.ts';
import { createOutput } from './frame/output.ts';
import { parseLine, type Asked } from './frame/parse.ts';
import { start } from './start.ts';

/** @param run the application; it says itself why it can't start */
export async function runCli(args: readonly string[], run: () => Promise<void>): Promise<void> {
  if (args.length === 0) return run();
  const asked = parseLine(args, book());
  if (asked.kind === 'said') {
    process.stdout.write(asked.out);
    process.stderr.write(asked.err);
    process.exitCode = asked.code;
    return;
  }
  if (asked.command === start) return run();
  process.exitCode = await did(asked);
}

async function did({ command, raw, json }: Extract<Asked, { kind: 'command' }>): Promise<number> {
  // Whoever reads our answer has read enough (`| head`).
  process.stdout.once('error', () => process.exit(EXIT.failed));
  const out = createOutput(json);
  try {
    return await command.run(raw, { out, config: () => readConfig(process.env) });
  } catch (error) {
    const message = concealed(error instanceof SiloError ? error.message : traceOf(error));
    const code = error instanceof SiloError ? error.code : undefined;
    out.note(
      json ? JSON.stringify({ error: { code, message } }) : `drachtio-silo ${command.name}: ${message}`,
    );
    return EXIT.failed;
  }
}
