/** The commands of `drachtio-silo`: without one the application starts. */
import { readConfig } from '../config/config.ts';
import { SiloError, textOf } from '../base/errors.ts';
import { packageVersion } from '../base/package.ts';
import { USAGE, parseCommand, type Command } from './arguments.ts';
import { encryptCommand } from './encrypt.ts';
import { importCommand } from './import.ts';
import { userCommand } from './user.ts';

/** @param start the application; it says itself why it can't start */
export async function runCli(args: readonly string[], start: () => Promise<void>): Promise<void> {
  let command: Command;
  try {
    command = parseCommand(args);
  } catch (error) {
    fail(`drachtio-silo: ${textOf(error)}\n\n${USAGE}`);
    return;
  }
  switch (command.name) {
    case 'start':
      return start();
    case 'help':
      process.stdout.write(USAGE);
      return;
    case 'version':
      console.log(packageVersion());
      return;
    case 'import':
      try {
        process.exitCode = await importCommand(command.options, readConfig(process.env));
      } catch (error) {
        if (!(error instanceof SiloError)) throw error;
        fail(`drachtio-silo can't import: ${error.message}`);
      }
      return;
    case 'encrypt':
      try {
        process.exitCode = await encryptCommand(readConfig(process.env));
      } catch (error) {
        if (!(error instanceof SiloError)) throw error;
        fail(`drachtio-silo can't encrypt: ${error.message}`);
      }
      return;
    case 'user':
      try {
        await userCommand(command.options, readConfig(process.env));
      } catch (error) {
        if (!(error instanceof SiloError)) throw error;
        fail(`drachtio-silo user ${command.options.action}: ${error.message}`);
      }
      return;
  }
}

function fail(sentence: string): void {
  console.error(sentence);
  process.exitCode = 1;
}
