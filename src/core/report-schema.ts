import { described, objectOf, type JsonSchema } from './json-schema.ts';
import type { Problem, Where } from './problem.ts';
import type { StepEvent, StepState } from './recorder.ts';
import type { CheckResult, Measurement, Outcome, Severity } from './verdict.ts';

const { text, count, duration, word } = described;

const WHERE = objectOf<Where>('The place of bad input: a file, or a host.', {
  file: { optional: text('The file.') },
  line: { optional: count('The line, from 1.') },
  column: { optional: count('The column, from 1.') },
  path: { optional: text('The path inside the document, such as `litellm_models[0].name`.') },
  host: { optional: text('The host.') },
});

/** The schema of a {@link Problem}. */
export const PROBLEM = objectOf<Problem>('An expected failure.', {
  code: text('A stable code, such as `inventory.not-found`. Its first word decides the exit code.'),
  summary: text('One line.'),
  detail: text('Sentences with the expected and the found state.'),
  fix: text('The command that fixes it, or a sentence if no command does.'),
  where: { optional: WHERE },
});

const MEASUREMENT = objectOf<Measurement>('The number that the check judged.', {
  value: { description: 'The number.', type: 'number' },
  unit: text('Its unit, such as `ms` or `tokens/s`.'),
  limit: { optional: { description: 'The limit that it is judged by.', type: 'number' } },
});

/** The schema of a {@link CheckResult}. */
export const CHECK_RESULT = objectOf<CheckResult>('The result of a check on one host.', {
  id: text('The stable id of the check, such as `dns.backend-resolves`.'),
  title: text('The claim that the check judges.'),
  severity: word<Severity>('The weight of a failure.', {
    error: 'it fails the phase',
    warning: 'it is shown',
    note: 'it informs',
  }),
  host: text('The host; `-` if the check concerns none.'),
  outcome: word<Outcome>('The conclusion.', {
    pass: 'the state is as expected',
    fail: 'it differs',
    skip: 'a check that this one depends on did not pass',
    unknown: 'the question had no usable answer',
    'not-applicable': 'the check does not concern this host',
  }),
  seen: text('The state that was found, or the reason why nothing was judged.'),
  wanted: { optional: text('The expected state; only on failures.') },
  fix: { optional: text('The command that fixes it; only on failures.') },
  measured: { optional: MEASUREMENT },
});

/** The schema of a {@link StepEvent}. */
export const STEP = objectOf<StepEvent>('The state of one step of a plan.', {
  kind: { const: 'step', description: 'The kind of the event.' },
  host: text('The host; `-` if the step concerns none.'),
  id: text('The stable id of the step.'),
  title: text('The step in words.'),
  state: word<StepState>('The progress.', {
    planned: 'it is to be done',
    started: 'it has begun',
    done: 'it is done',
    failed: 'it failed',
    undone: 'it was taken back after a failure',
    unknown: 'it could not be planned, or its end was not seen',
  }),
  detail: { optional: text('Lines below the title: a diff, a reason.') },
  durationMs: { optional: duration('The time that the step took, in ms.') },
});

/** Definitions that the schemas of reports refer to. */
export const REPORT_DEFINITIONS: Readonly<Record<'problem' | 'checkResult' | 'step', JsonSchema>> = {
  problem: PROBLEM,
  checkResult: CHECK_RESULT,
  step: STEP,
};

/** A reference to one of {@link REPORT_DEFINITIONS}. */
export function reportPart(name: keyof typeof REPORT_DEFINITIONS): JsonSchema {
  return { $ref: `#/$defs/${name}` };
}
