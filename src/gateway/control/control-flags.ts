import { parseArgs } from 'node:util';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { nearestName } from '../../core/spelling.ts';
import { checkId } from './instance-id.ts';

/** A command to running instances. */
export type ControlCommand =
  | { readonly verb: 'status'; readonly folder: string }
  | { readonly verb: 'backends'; readonly folder: string }
  | {
      readonly verb: 'drain' | 'undrain';
      readonly folder: string;
      readonly url: string;
      /** Waits until nothing runs there. */
      readonly wait: boolean;
      /** The longest wait; `undefined`: without end. */
      readonly timeoutMs: number | undefined;
    }
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
  --control backends                 the servers, which of them are drained, and what runs there
  --control drain URL                send nothing new to a server, and let running requests end
      [--wait]                       return when nothing runs there
      [--timeout S]                  with --wait: give up after so long, and leave it drained
  --control undrain URL              use it again
  --runtime-dir DIR                  the folder of the instances (default: /run/litellm)
`;

const VERBS = ['status', 'gate', 'take-over', 'backends', 'drain', 'undrain'] as const;
/** The options of each verb, beside the folder. */
const OPTIONS: Readonly<Record<(typeof VERBS)[number], readonly string[]>> = {
  status: [],
  gate: ['instance', 'timeout', 'model'],
  'take-over': ['instance'],
  backends: [],
  drain: ['wait', 'timeout'],
  undrain: [],
};
const FOLDER = '/run/litellm';
const GATE_S = 30;
const MOST_S = 86_400;

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
    const options = {
      control: text,
      instance: text,
      timeout: text,
      model: text,
      wait: { type: 'boolean' } as const,
      'runtime-dir': text,
    };
    const { values, positionals } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
    const { control, instance, model, timeout = String(GATE_S), 'runtime-dir': folder = FOLDER } = values;
    const verb = VERBS.find((one) => one === control);
    if (verb === undefined) {
      const near = nearestName(control ?? '', VERBS);
      const hint = near === undefined ? '' : ` Did you mean ${near}?`;
      return wrong(`Expected ${VERBS.join(', ')} after --control, found ${JSON.stringify(control)}.${hint}`);
    }
    const given = Object.entries({ instance, timeout: values.timeout, model, wait: values.wait }).filter(
      ([, value]) => value !== undefined,
    );
    const unwanted = given.find(([name]) => !OPTIONS[verb].includes(name));
    if (unwanted !== undefined) return wrong(`Expected no --${unwanted[0]} with --control ${verb}, found one.`);
    const takesUrl = verb === 'drain' || verb === 'undrain';
    const [url, ...surplus] = positionals;
    if (takesUrl && (url === undefined || surplus.length > 0))
      return wrong(`Expected one URL after --control ${verb}, found ${String(positionals.length)}.`);
    if (!takesUrl && url !== undefined) return wrong(`Expected no argument, found ${JSON.stringify(url)}.`);
    if (verb === 'status' || verb === 'backends') return ok({ verb, folder });
    if (takesUrl) {
      const { wait = false } = values;
      if (values.timeout !== undefined && !wait) return wrong('Expected --timeout with --wait, found it alone.');
      const limit = values.timeout === undefined ? undefined : secondsIn(values.timeout);
      if (values.timeout !== undefined && limit === undefined) return wrong(wrongSeconds(values.timeout));
      const timeoutMs = limit === undefined ? undefined : limit * 1000;
      return ok({ verb, folder, url: url ?? '', wait, timeoutMs });
    }
    if (instance === undefined) return wrong(`Expected --instance ID with --control ${verb}, found no --instance.`);
    const problem = checkId(instance);
    if (problem !== undefined) return fail(problem);
    if (verb === 'take-over') return ok({ verb, folder, instance });
    const seconds = secondsIn(timeout);
    if (seconds === undefined) return wrong(wrongSeconds(timeout));
    return ok({ verb, folder, instance, timeoutMs: seconds * 1000, model });
  } catch (error) {
    const [line = ''] = errorMessage(error).split('\n', 1);
    return wrong(`${line.replace(/\.$/, '')}.`);
  }
}

function secondsIn(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) && Number(text) <= MOST_S ? Number(text) : undefined;
}

function wrongSeconds(text: string): string {
  return `Expected seconds from 0 to ${String(MOST_S)} after --timeout, found ${JSON.stringify(text)}.`;
}
