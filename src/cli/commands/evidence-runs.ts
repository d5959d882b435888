import type { Command } from 'commander';
import type { PruneOptions } from '../actions/evidence/archive.ts';
import type { RunsOptions } from '../actions/evidence/runs.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import { wholeNumber } from './host-command.ts';
import { described, type CommandText } from './phase-command.ts';
import type { HandOn } from './servers.ts';

/** The meaning of `--evidence-dir` of commands that read evidence. */
export const EVIDENCE_DIR = 'the folder with the evidence (default: evidence)';

const RUN = 'enforce/20261123T231500Z, the time alone or its beginning, a phase for its newest run, or latest';

function evidenceText(text: Omit<CommandText, 'page'>): Command {
  return described({ ...text, page: 'evidence' }).option('--evidence-dir <dir>', EVIDENCE_DIR);
}

/** `hxllm evidence list` */
export function listCommand(handOn: HandOn): Command {
  return evidenceText({
    name: 'list',
    purpose: 'List the runs, the newest last: ending, changes, duration, hosts',
    description: 'A run without an ending is at work or was cut off.',
    examples: [
      ['evidence list', 'all runs'],
      ['evidence list enforce', 'those of a phase'],
    ],
  })
    .argument('[phase]', 'only the runs of this phase')
    .option('--json', 'print one JSON document')
    .action((phase: string | undefined, options: RunsOptions) =>
      handOn([], async () => {
        const { listRuns } = await import('../actions/evidence/runs.ts');
        return () => Promise.resolve(listRuns(processTerminal(), phase, options));
      }),
    );
}

/** `hxllm evidence show` */
export function showCommand(handOn: HandOn): Command {
  return evidenceText({
    name: 'show',
    purpose: 'Print the summary of a run',
    description: 'The newest run, unless one is named.',
    examples: [
      ['evidence show', 'the newest run'],
      ['evidence show enforce --json', 'run.json of the newest enforce'],
    ],
  })
    .argument('[run]', RUN)
    .option('--json', 'print its run.json')
    .action((run: string | undefined, options: RunsOptions) =>
      handOn([], async () => {
        const { showRun } = await import('../actions/evidence/runs.ts');
        return () => Promise.resolve(showRun(processTerminal(), run, options));
      }),
    );
}

/** `hxllm evidence open` */
export function openCommand(handOn: HandOn): Command {
  return evidenceText({
    name: 'open',
    purpose: 'Open the report of a run in the browser, or print its path without a screen',
    description: 'The report is one file without anything from outside. The newest run, unless one is named.',
    examples: [['evidence open preflight', 'the newest preflight']],
  })
    .argument('[run]', RUN)
    .action((run: string | undefined, options: RunsOptions) =>
      handOn([], async () => {
        const { openReport } = await import('../actions/evidence/runs.ts');
        return () => openReport(processTerminal(), run, options);
      }),
    );
}

/** `hxllm evidence diff` */
export function diffCommand(handOn: HandOn): Command {
  return evidenceText({
    name: 'diff',
    purpose: 'Show what differs between two runs: checks, plans, latencies; exit code 2 if anything does',
    description: 'Compares outcomes of checks, steps of plans by host, and latencies of the requests of smoke.',
    examples: [['evidence diff 20261123T231500Z latest', 'an earlier run and the newest one']],
  })
    .argument('<a>', RUN)
    .argument('<b>', 'the other run')
    .option('--json', 'print one JSON document')
    .action((a: string, b: string, options: RunsOptions) =>
      handOn([], async () => {
        const { diffRuns } = await import('../actions/evidence/runs.ts');
        return () => Promise.resolve(diffRuns(processTerminal(), a, b, options));
      }),
    );
}

/** `hxllm evidence prune` */
export function pruneCommand(handOn: HandOn): Command {
  return evidenceText({
    name: 'prune',
    purpose: 'Remove old runs; a run of prune keeps their manifests, so the chain stays whole',
    description:
      'Keeps the newest closed runs of each phase, and all runs of prune. Refuses evidence that differs from its chain.',
    examples: [
      ['evidence prune --keep 20 --dry-run', 'the runs that would be removed'],
      ['evidence prune --keep 20 --yes', 'without a question'],
    ],
  })
    .requiredOption('--keep <n>', 'the number of closed runs of each phase that stay', wholeNumber)
    .option('--dry-run', 'list the runs, and remove none')
    .option('-y, --yes', 'do not ask')
    .action((options: PruneOptions) =>
      handOn([], async () => {
        const actions = await import('../actions/evidence/archive.ts');
        return () => actions.prune(processTerminal(), process.argv.slice(2), options);
      }),
    );
}

/** `hxllm evidence export` */
export function exportCommand(handOn: HandOn): Command {
  return evidenceText({
    name: 'export',
    purpose: 'Pack the evidence into one archive for an auditor',
    description: 'The archive has a page and a script that check it without hxllm, with the tools of any system.',
    examples: [['evidence export --output audit.tar.gz', 'under another name than evidence-TIME.tar.gz']],
  })
    .option('-o, --output <file>', 'the archive (default: evidence-TIME.tar.gz)')
    .action((options: { readonly evidenceDir?: string; readonly output?: string }) =>
      handOn([], async () => {
        const { exportArchive } = await import('../actions/evidence/archive.ts');
        return () => Promise.resolve(exportArchive(processTerminal(), options));
      }),
    );
}
