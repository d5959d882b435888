import type { Command } from 'commander';
import type { LogOptions } from '../actions/service-logs.ts';
import type { ServiceOptions } from '../actions/service.ts';
import type { ServiceVerb } from '../hosts/service-scripts.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { hostCommand, wholeNumber } from './host-command.ts';
import { described, withYes } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm service` */
export function serviceCommand(handOn: HandOn): Command {
  const verb = (name: ServiceVerb, purpose: string, description: string): Command =>
    hostCommand({
      name,
      purpose,
      description,
      examples: [
        [`service ${name}`, 'every host of [litellm]'],
        [`service ${name} --limit hx-api-server`, 'one host'],
      ],
      page: 'operations',
    }).action((options: ServiceOptions) =>
      handOn([], async () => {
        const { runService } = await import('../actions/service.ts');
        return () => runService(processTerminal(), name, options);
      }),
    );
  return described({
    name: 'service',
    purpose: 'Show, start, stop, restart or reload the gateway on the hosts, and read its log',
    description:
      'Runs systemctl and journalctl on the hosts, or what stands in for them without systemd. A host that cannot be reached is named, and the others go on.',
    examples: [
      ['service status', 'is it running, since when, with how many requests'],
      ['service logs -f', 'the logs of all hosts, merged by time'],
      ['service restart --limit hx-api-server', 'one host; asks first'],
    ],
    page: 'operations',
  })
    .addCommand(
      verb('status', 'Show the service of each host', 'Exit code 1 if a service does not run.').option(
        '--json',
        'print one JSON document',
      ),
    )
    .addCommand(verb('start', 'Start the service', 'Without effect where it runs already.'))
    .addCommand(withYes(verb('stop', 'Stop the service', 'Says what that costs, and asks.')))
    .addCommand(
      withYes(
        verb(
          'restart',
          'Restart the service, one host after the other',
          'Says what that costs, and asks. Stops at the first host that fails.',
        ),
      ),
    )
    .addCommand(
      verb(
        'reload',
        'Let the gateway read its configuration again',
        'An invalid configuration fails and changes nothing.',
      ),
    )
    .addCommand(logsCommand(handOn));
}

function logsCommand(handOn: HandOn): Command {
  return hostCommand({
    name: 'logs',
    purpose: 'Print the logs of the hosts, merged by time',
    description: 'Each line has the name of its host in front.',
    examples: [
      ['service logs --since "1 hour ago" --grep backend-down', 'a time and a pattern of journalctl'],
      ['service logs -f --limit hx-api-server', 'follow one host until Ctrl-C'],
    ],
    page: 'operations',
  })
    .option('-f, --follow', 'print new lines as they come, until Ctrl-C')
    .option('--since <time>', 'only lines from then on: 5m, 2h, "1 hour ago", 2026-11-01, as journalctl takes it')
    .option('--grep <pattern>', 'only lines that match a regular expression')
    .option('-n, --lines <n>', 'the last lines of each host (default: 100; with -f 10; with --since all)', wholeNumber)
    .action((options: LogOptions) =>
      handOn([], async () => {
        const { showLogs } = await import('../actions/service-logs.ts');
        return () => showLogs(processTerminal(), options);
      }),
    );
}
