import { Command } from 'commander';
import { preflightCommand } from './commands/preflight.ts';
import type { Start } from './commands/phase-command.ts';

/** The program with its commands; nothing runs until it is parsed. */
export function createProgram(version: string, start: Start): Command {
  const program = new Command('hxllm')
    .description('One OpenAI-compatible address in front of your Ollama servers: deployed over SSH, proven by evidence.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .enablePositionalOptions()
    .exitOverride();
  for (const command of [preflightCommand(start)]) {
    program.addCommand(command.copyInheritedSettings(program).showHelpAfterError(`Try: hxllm ${command.name()} --help`));
  }
  return program;
}
