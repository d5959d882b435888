import type { Command } from 'commander';
import { processTerminal } from '../terminal/process-terminal.ts';
import { described } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm completion bash|zsh`; and `hosts`, which the scripts call. */
export function completionCommand(program: Command, version: string, handOn: HandOn): Command {
  const shell = (name: 'bash' | 'zsh', examples: readonly (readonly [string, string])[]): Command =>
    described({
      name,
      purpose: `Print the script that completes hxllm in ${name}`,
      description: 'It completes commands, options, files, and the hosts of the inventory.',
      examples,
    }).action(() =>
      handOn([], async () => {
        const { printCompletion } = await import('../actions/completion.ts');
        return () => Promise.resolve(printCompletion(processTerminal(), name, program, version));
      }),
    );
  const hosts = described({
    name: 'hosts',
    purpose: 'Print the hosts that fit a command line',
    description: 'The scripts of the shells call it.',
    examples: [['completion hosts -- drift -i inventories/dev.ini', 'the hosts of this inventory']],
  })
    .argument('[words...]', 'the command line')
    .action((words: readonly string[]) =>
      handOn([], async () => {
        const { printHosts } = await import('../actions/completion.ts');
        return () => printHosts(processTerminal(), words);
      }),
    );
  return described({
    name: 'completion',
    purpose: 'Print the script that completes hxllm in a shell',
    description:
      'The script belongs to this version: make it again after an upgrade, or print it at each start of the shell.',
    examples: [
      ['completion bash > ~/.local/share/bash-completion/completions/hxllm', 'bash, for good'],
      ['completion zsh > "${fpath[1]}/_hxllm"', 'zsh, for good'],
    ],
    page: 'install',
  })
    .addCommand(
      shell('bash', [
        ['completion bash > ~/.local/share/bash-completion/completions/hxllm', 'for good, with bash-completion'],
        ['completion bash >> ~/.bashrc', 'for good, without it'],
      ]),
    )
    .addCommand(shell('zsh', [['completion zsh > "${fpath[1]}/_hxllm"', 'for good; then start a new zsh']]))
    .addCommand(hosts, { hidden: true });
}
