import { InvalidArgumentError, type Command } from 'commander';
import { collect, described } from './phase-command.ts';
import type { HandOn } from './servers.ts';

const DEFAULT_PORT = 4000;

interface DemoOptions {
  readonly detach?: boolean;
  readonly stop?: boolean;
  readonly port: number;
  readonly backend?: readonly string[];
}

/** `hxllm demo` */
export function demoCommand(handOn: HandOn): Command {
  return described({
    name: 'demo',
    purpose: 'Run the five phases against this machine, in front of simulated Ollama servers',
    description: 'Needs neither root nor systemd, and touches nothing outside .demo/ and evidence/. Leaves a gateway answering until Ctrl-C.',
    examples: [
      ['demo', 'until Ctrl-C'],
      ['demo --detach', 'returns and leaves it running'],
      ['demo --stop', 'ends it'],
      ['demo --backend http://127.0.0.1:11434', 'in front of an Ollama that you have'],
    ],
  })
    .option('--detach', 'return, and leave it running')
    .option('--stop', 'end the demo that runs')
    .option('--port <n>', 'the gateway’s port', portOf, DEFAULT_PORT)
    .option('--backend <url>', 'an Ollama server that you have (repeatable); default: two simulated ones', collect)
    .action(({ detach = false, stop = false, port, backend = [] }: DemoOptions) => handOn([], async () => {
      const { runDemo } = await import('../demo/demo.ts');
      return () => runDemo({ detach, stop, port, backends: backend });
    }));
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('Wanted a port from 1 to 65535.');
  return port;
}
