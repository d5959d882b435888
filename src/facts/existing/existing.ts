import { MARK } from '../../core/mark.ts';
import { decodeBase64 } from '../base64.ts';
import type { Answer, Question } from '../question.ts';
import { EXISTING_SCRIPT } from './script.ts';

/** Every LiteLLM that was found on a host, wherever it is installed. */
export interface ExistingLitellm {
  readonly programs: readonly LitellmProgram[];
  /** The search for programs took too long, so some may be missing. */
  readonly isCut: boolean;
  /** Units by other names than hxllm’s; `litellm.service` itself is one of the foreign things. */
  readonly units: readonly LitellmUnit[];
  readonly containers: readonly LitellmContainer[];
  readonly processes: readonly LitellmProcess[];
  readonly configs: readonly { readonly path: string; readonly entries: number }[];
  /** Databases by where they are named. `url` has neither user nor password. */
  readonly databases: readonly { readonly where: string; readonly url: string }[];
}

/** A program `litellm` of a virtual environment, or of a system's own Python. */
export interface LitellmProgram {
  readonly path: string;
  /** Empty if the package does not lie beside it. */
  readonly version: string;
  /** The version of Python of its virtual environment; empty without one. */
  readonly python: string;
  readonly owner: string;
}

/** A unit that runs a LiteLLM. */
export interface LitellmUnit {
  readonly path: string;
  /** The user whose service manager has it; empty for the system’s. */
  readonly user: string;
  /** `active`, `inactive`, `failed`, `unknown`. */
  readonly state: string;
}

/** A container of a LiteLLM image, or with such a name. */
export interface LitellmContainer {
  readonly engine: string;
  readonly name: string;
  readonly image: string;
  /** `Up 3 days`, `Exited (0) 2 weeks ago`. */
  readonly state: string;
  readonly ports: string;
}

/** A running LiteLLM. */
export interface LitellmProcess {
  readonly pid: number;
  readonly user: string;
  readonly unit: string;
  /** The port of its command line; empty without one. */
  readonly port: string;
}

/** Every LiteLLM on the host. `root` is a folder in place of `/`, for tests. */
export function existingQuestion(installDir: string, root = ''): Question<ExistingLitellm> {
  return {
    script: EXISTING_SCRIPT,
    arguments: [installDir, MARK, root],
    as: 'root',
    timeoutS: 20,
    parse: parseExisting,
  };
}

/** Parses lines of the script, values in base64. */
export function parseExisting({ stdout, exitCode }: Answer): ExistingLitellm {
  if (exitCode !== 0) throw new Error(`the script that looks for LiteLLM exited with ${String(exitCode)}`);
  const lines = stdout.split('\n').map((line) => line.trim().split(' '));
  const all = (word: string): readonly (readonly string[])[] =>
    lines.filter(([kind]) => kind === word).map(([, ...values]) => values.map(decodeBase64));
  return {
    isCut: all('cut').length > 0,
    programs: all('program').map(([path = '', version = '', python = '', owner = '']) => ({
      path,
      version,
      python,
      owner,
    })),
    units: all('unit').map(([path = '', user = '', state = '']) => ({ path, user, state: state.trim() })),
    containers: all('container').map(([engine = '', name = '', image = '', state = '', ports = '']) => ({
      engine,
      name,
      image,
      state,
      ports,
    })),
    processes: all('process').map(([pid, user = '', unit = '', port = '']) => ({ pid: Number(pid), user, unit, port })),
    configs: all('config').map(([path = '', entries = '0']) => ({ path, entries: Number(entries) })),
    databases: all('database').map(([where = '', url = '']) => ({ where, url: url.split('\n').join(', ') })),
  };
}
