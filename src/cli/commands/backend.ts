import type { Command } from 'commander';
import type { BackendOptions } from '../actions/backend.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { hostCommand, wholeNumber } from './host-command.ts';
import { described } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm backend` */
export function backendCommand(handOn: HandOn): Command {
  const run = (
    verb: 'backends' | 'drain' | 'undrain',
    url: string | undefined,
    options: BackendOptions,
  ): Promise<void> =>
    handOn([], async () => {
      const { runBackend } = await import('../actions/backend.ts');
      return () => runBackend(processTerminal(), verb, url, options);
    });
  const json = 'print one JSON document';
  const list = hostCommand({
    name: 'list',
    purpose: 'Show the servers of each gateway, which are drained, and what runs there',
    description: 'Asks the gateways on their hosts; no server is asked.',
    examples: [['backend list', 'the servers of all hosts']],
    page: 'operations',
  })
    .option('--json', json)
    .action((options: BackendOptions) => run('backends', undefined, options));
  const drain = hostCommand({
    name: 'drain',
    purpose: 'Send nothing new to a server, and let end what runs there',
    description: 'For maintenance of a GPU server. It holds until `undrain`, over reloads, restarts and deployments.',
    examples: [['backend drain http://hx-llm01-server:11434 --wait', 'return when nothing runs there']],
    page: 'operations',
  })
    .argument('<url>', 'a server of litellm_backends')
    .option('--wait', 'return when nothing of the gateways runs there')
    .option('--timeout <seconds>', 'with --wait: give up after so long; the server stays drained', wholeNumber)
    .option('--json', json)
    .action((url: string, options: BackendOptions, command: Command) => {
      if (options.timeout !== undefined && options.wait !== true) command.error('error: --timeout needs --wait');
      return run('drain', url, options);
    });
  const undrain = hostCommand({
    name: 'undrain',
    purpose: 'Use a drained server again',
    description: 'Requests go there as soon as a probe finds it up.',
    examples: [['backend undrain http://hx-llm01-server:11434', 'after the maintenance']],
    page: 'operations',
  })
    .argument('<url>', 'a drained server')
    .option('--json', json)
    .action((url: string, options: BackendOptions) => run('undrain', url, options));
  return described({
    name: 'backend',
    purpose: 'Take a server out of use for maintenance, and back',
    description: 'Reaches the gateways over SSH, by their control sockets.',
    examples: [
      ['backend list', 'the servers'],
      ['backend drain http://hx-llm01-server:11434 --wait', 'before the maintenance'],
      ['backend undrain http://hx-llm01-server:11434', 'after it'],
    ],
    page: 'operations',
  })
    .addCommand(list)
    .addCommand(drain)
    .addCommand(undrain);
}
