import { InvalidArgumentError, type Command } from 'commander';
import type { DemoOptions } from '../demo/demo.ts';
import { DEFAULT_PORT } from '../demo/paths.ts';
import { described } from './phase-command.ts';
import { collect } from './vault-options.ts';
import type { HandOn } from './servers.ts';

/** `hxllm demo` */
export function demoCommand(handOn: HandOn): Command {
  const text = {
    name: 'demo',
    purpose: 'Run the five phases against this machine and leave a gateway answering',
    description:
      'Two simulated Ollama servers, an example inventory in .demo/, the same phases as for a real host. Needs neither root nor systemd. Press Ctrl-C to stop it.',
    examples: [
      ['demo', 'on port 4000, until Ctrl-C'],
      ['demo --detach', 'return when it answers, and leave it running'],
      ['demo --stop', 'stop a demo that was left running'],
      ['demo --backend http://127.0.0.1:11434', 'with an existing Ollama server'],
    ],
    page: 'install',
  } as const;
  return described(text)
    .option('--detach', 'return when the gateway answers, and leave it running')
    .option('--stop', 'stop every demo that was started in this folder')
    .option('--port <number>', 'port of the gateway', portOf, DEFAULT_PORT)
    .option('--backend <url>', 'an Ollama server to use instead of the simulated ones (repeatable)', collect)
    .action(
      ({
        backend = [],
        ...options
      }: Pick<DemoOptions, 'port'> & Partial<DemoOptions> & { readonly backend?: readonly string[] }) =>
        handOn([], async () =>
          (await import('../demo/demo.ts')).runDemo.bind(undefined, {
            detach: false,
            stop: false,
            ...options,
            backends: backend,
          }),
        ),
    );
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('Expected a number from 1 to 65535.');
  return port;
}
