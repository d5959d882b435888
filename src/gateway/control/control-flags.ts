import { parseArgs } from 'node:util';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { nearestName } from '../../core/spelling.ts';
import { checkId } from './instance-id.ts';

/** A command to running instances. */
export type ControlCommand =
  | { readonly verb: 'status'; readonly folder: string }
  | { readonly verb: 'take-over'; readonly folder: string; readonly instance: string }
  | {
      readonly verb: 'gate';
      readonly folder: string;
      readonly instance: string;
      readonly timeoutMs: number;
      readonly model: string | undefined;
    };

/** The help of these commands. */
export const CONTROL_USAGE = `Commands to the instances that run (each prints one JSON document; exit code 1 if it failed):

  --control status                   the instances, their states and their open requests
  --control gate --instance ID       check whether an instance is fit to take over
      [--timeout S]                  repeat failed checks for so long (default: 30)
      [--model ALIAS]                ask for one real answer, if the model is in memory
  --control take-over --instance ID  the instance accepts connections, and all others drain
  --runtime-dir DIR                  the folder of the instances (default: /run/litellm)
`;

const VERBS = ['status', 'gate', 'take-over'] as const;
const FOLDER = '/run/litellm';
const GATE_S = 30;
const MOST_GATE_S = 3600;

/** Whether a command line is a command to running instances. */
export function isControl(argv: readonly string[]): boolean {
  return argv.some((one) => one === '--control' || one.startsWith('--control='));
}

/** Parses such a command line; `program` is the gateway's name in messages. */
export function parseControl(argv: readonly string[], program: string): Result<ControlCommand> {
  const wrong = (detail: string): Result<never> =>
    fail({ code: 'usage.control', summary: 'wrong usage of the gateway', detail, fix: `${program} --help` });
  try {
    const text = { type: 'string' } as const;
    const options = { control: text, instance: text, timeout: text, model: text, 'runtime-dir': text };
    const { values } = parseArgs({ args: [...argv], options, strict: true });
    const { control, instance, model, timeout = String(GATE_S), 'runtime-dir': folder = FOLDER } = values;
    const verb = VERBS.find((one) => one === control);
    if (verb === undefined) {
      const near = nearestName(control ?? '', VERBS);
      const hint = near === undefined ? '' : ` Did you mean ${near}?`;
      return wrong(`Expected ${VERBS.join(', ')} after --control, found ${JSON.stringify(control)}.${hint}`);
    }
    const given = Object.entries({ instance, timeout: values.timeout, model }).filter(
      ([, value]) => value !== undefined,
    );
    const unwanted = given.find(([name]) => verb === 'status' || (verb === 'take-over' && name !== 'instance'));
    if (unwanted !== undefined) return wrong(`Expected no --${unwanted[0]} with --control ${verb}, found one.`);
    if (verb === 'status') return ok({ verb, folder });
    if (instance === undefined) return wrong(`Expected --instance ID with --control ${verb}, found no --instance.`);
    const problem = checkId(instance);
    if (problem !== undefined) return fail(problem);
    if (verb === 'take-over') return ok({ verb, folder, instance });
    const seconds = Number(timeout);
    if (!/^\d+(\.\d+)?$/.test(timeout) || seconds > MOST_GATE_S)
      return wrong(
        `Expected seconds from 0 to ${String(MOST_GATE_S)} after --timeout, found ${JSON.stringify(timeout)}.`,
      );
    return ok({ verb, folder, instance, timeoutMs: seconds * 1000, model });
  } catch (error) {
    const [line = ''] = errorMessage(error).split('\n', 1);
    return wrong(`${line.replace(/\.$/, '')}.`);
  }
}
