import { shownPath } from '../../config/shown-path.ts';
import type { Problem } from '../../core/problem.ts';
import type { PhaseEvent } from '../../core/recorder.ts';
import type { CheckResult } from '../../core/verdict.ts';
import type { Output, Terminal } from '../terminal/terminal.ts';
import { checkBlock, skippedLine, type Layout } from './check.ts';
import { closingBlock, finishBlock } from './closing.ts';
import { paintDiff } from './diff.ts';
import { flow, oneLine } from './flow.ts';
import { foldedBlock, type FamilyTitles } from './folded.ts';
import { createPaint } from './paint.ts';
import { planBlock } from './plan.ts';
import { problemBlock } from './problem.ts';
import { createSpinner } from './spinner.ts';
import { stepBlock } from './step.ts';
import type { View } from './view.ts';

/** The view for people: results on `result` (stderr if stdout is for a JSON document), problems and progress on stderr. */
export function createHumanView(terminal: Terminal, result: Output, verbose: boolean, wholeFiles = verbose): View {
  const spinner = createSpinner(terminal.stderr, result, terminal.environment);
  const layoutOf = (output: Output, indent: number): Layout => ({
    paint: createPaint(terminal.environment, output.isTty),
    indent,
    columns: output.columns(),
    verbose,
    wholeFiles,
  });
  let several = false;
  let group = '';
  let begun = false;
  let legendShown = false;
  let skipped: { readonly host: string; readonly seen: string; readonly count: number } | undefined;

  // With several hosts, every line stands below its host's name. A single host is not named.
  const under = (host: string): number => {
    if (!several || host === '-' || host === '') {
      group = several ? '' : group;
      return 2;
    }
    if (host !== group) result.write(`  ${layoutOf(result, 0).paint.bold(host)}\n`);
    group = host;
    return 4;
  };

  // Set for a phase whose results are shown together when its last host is judged, since failures come first.
  let titles: FamilyTitles | undefined;
  let unshown: CheckResult[] = [];

  const flush = (): void => {
    if (titles !== undefined && unshown.length > 0) {
      const folded = foldedBlock(unshown, titles, several, layoutOf(result, 2));
      unshown = [];
      result.write(folded);
    }
    if (skipped === undefined) return;
    const { host, seen, count } = skipped;
    skipped = undefined;
    result.write(skippedLine(count, seen, layoutOf(result, under(host))));
  };

  const show = (event: PhaseEvent): void => {
    if (event.kind === 'check' && titles !== undefined) {
      unshown.push(event.result);
      return;
    }
    if (event.kind === 'check' && event.result.outcome === 'skip' && !verbose) {
      const { host, seen } = event.result;
      if (skipped?.host !== host || skipped.seen !== seen) flush();
      skipped = { host, seen, count: (skipped?.count ?? 0) + 1 };
      return;
    }
    if (event.kind !== 'progress') flush();
    switch (event.kind) {
      case 'progress':
        return spinner.say(
          oneLine(
            several && event.host !== '-' ? `${event.host}: ${event.text}` : event.text,
            terminal.stderr.columns() - 8,
          ),
        );
      case 'check':
        return result.write(checkBlock(event.result, layoutOf(result, under(event.result.host))));
      case 'step': {
        if (event.state === 'started') return spinner.say(oneLine(event.title, terminal.stderr.columns() - 8));
        return result.write(stepBlock(event, layoutOf(result, under(event.host))));
      }
      case 'record':
      case 'recorded':
        // Only the evidence needs them.
        return undefined;
      case 'plan': {
        const legend = !legendShown;
        legendShown = true;
        return result.write(planBlock(event, legend, layoutOf(result, under(event.host))));
      }
      case 'problem':
        return terminal.stderr.write(problemBlock(event.problem, 'problem', layoutOf(terminal.stderr, 2)));
      case 'note': {
        const layout = layoutOf(result, under(event.host ?? '-'));
        // Lines may be commands to copy, so they are not wrapped.
        return result.write(
          event.text
            .split('\n')
            .map((line, index) =>
              flow(
                [
                  { text: index === 0 ? layout.paint.signs.note : ' ', paint: layout.paint.accent, whole: true },
                  { text: line, whole: true },
                ],
                { indent: layout.indent, hang: layout.indent + 2, columns: Number.POSITIVE_INFINITY },
              ),
            )
            .join(''),
        );
      }
    }
  };

  return {
    begin: (phase, question, families) => {
      const { paint } = layoutOf(result, 0);
      // An empty line between phases.
      result.write(`${begun ? '\n' : ''}${paint.bold(phase)}  ${paint.dim(question)}\n`);
      [several, group, begun, legendShown] = [false, '', true, false];
      titles = verbose ? undefined : families;
    },
    hosts: (names) => {
      several = names.length > 1;
      if (names.length > 0) spinner.say(oneLine(names.join(', '), terminal.stderr.columns() - 8));
    },
    event: show,
    warning: (problem: Problem) =>
      terminal.stderr.write(problemBlock(problem, 'warning', layoutOf(terminal.stderr, 2))),
    diff: (diff) => result.write(paintDiff(diff, layoutOf(result, 0).paint, 2)),
    end: (outcome, next) => {
      flush();
      spinner.stop();
      const evidence = outcome.evidence === undefined ? undefined : shownPath(outcome.evidence, terminal.cwd);
      result.write(closingBlock(outcome, evidence, next, layoutOf(result, 0)));
    },
    finish: (command, outcomes, next) => result.write(`\n${finishBlock(command, outcomes, next, layoutOf(result, 0))}`),
    pause: () => spinner.stop(),
  };
}
