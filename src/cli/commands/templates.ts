import type { Command } from 'commander';
import type { TemplatesOptions } from '../actions/monitoring-templates.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { described } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** `hxllm templates` */
export function templatesCommand(handOn: HandOn): Command {
  return described({
    name: 'templates',
    purpose: 'Write a board for Grafana and alerts for Prometheus',
    description:
      'A file that you have changed is never replaced without --replace. Templates of units: hxllm validate --write-templates.',
    examples: [
      ['templates --write monitoring', 'monitoring/grafana/hxllm.json and monitoring/prometheus/alerts.yml'],
      ['templates --write monitoring --replace', 'those of this hxllm, with copies of the former ones'],
    ],
    page: 'observability',
  })
    .requiredOption('--write <dir>', 'the folder for them')
    .option('--replace', 'replace files with another text; a copy of each stays beside it')
    .action((options: TemplatesOptions) =>
      handOn([], async () => {
        const { writeMonitoringFiles } = await import('../actions/monitoring-templates.ts');
        return () => writeMonitoringFiles(processTerminal(), options);
      }),
    );
}
