import { isMarked } from '../core/mark.ts';
import { decodeBase64 } from './base64.ts';
import { FOREIGN_SCRIPT } from './foreign-script.ts';
import type { Question } from './question.ts';

/** A thing at one of hxllm's paths that hxllm did not install. */
export interface Foreign {
  readonly kind: 'unit' | 'file' | 'process';
  /** Its path; for a process, the path of its program. */
  readonly path: string;
  /** A short description: `a LiteLLM unit (ExecStart=/home/litellm/litellm-venv/bin/litellm)`. */
  readonly looksLike: string;
  /** For a process: its id, and its unit if it has one. */
  readonly pid?: number;
  readonly unit?: string;
}

/** The paths to check. */
export interface ForeignPaths {
  readonly configFile: string;
  readonly envFile: string;
  readonly serviceUnit: string;
  readonly socketUnit: string;
  readonly installDir: string;
  readonly marker: string;
}

/**
 * Lists things at hxllm's paths without its mark: files, units and their drop-ins, and processes that hold the
 * port.
 */
export function foreignQuestion(paths: ForeignPaths, port: number): Question<readonly Foreign[]> {
  return {
    script: FOREIGN_SCRIPT,
    arguments: [
      paths.configFile,
      paths.envFile,
      paths.serviceUnit,
      paths.socketUnit,
      paths.installDir,
      paths.marker,
      String(port),
    ],
    as: 'root',
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that lists foreign files exited with ${String(exitCode)}`);
      return parseForeign(stdout);
    },
  };
}

/** The paths that a take-over copies before it replaces them. */
export function copiedPaths(foreign: readonly Foreign[]): readonly string[] {
  return foreign.flatMap(({ kind, path }) => (kind === 'process' ? [] : [path]));
}

/**
 * Parses the lines of the script: `file PATH HEAD`, `unit PATH HEAD`, `process PID EXE UNIT COMMAND`, values in base64.
 */
function parseForeign(stdout: string): readonly Foreign[] {
  return stdout.split('\n').flatMap((line): readonly Foreign[] => {
    const [kind = '', ...encoded] = line.trim().split(' ');
    const [first = '', second = '', third = '', fourth = ''] = encoded.map(decodeBase64);
    if (kind === 'unit' || kind === 'file')
      return isMarked(second)
        ? []
        : [{ kind, path: first, looksLike: kind === 'unit' ? unitLike(second) : fileLike(second) }];
    if (kind !== 'process') return [];
    return [processOf(first, second, third, fourth)];
  });
}

function unitLike(text: string): string {
  const line = /^\s*ExecStart=.*$/m.exec(text)?.[0]?.trim() ?? /^\s*ListenStream=.*$/m.exec(text)?.[0]?.trim();
  const what = /litellm/i.test(line ?? text) ? 'a LiteLLM unit' : 'a unit';
  return line === undefined ? what : `${what} (${line.slice(0, 160)})`;
}

function fileLike(text: string): string {
  if (/^model_list:/m.test(text)) return 'a LiteLLM configuration';
  return /^(?:export )?LITELLM_\w+=/m.test(text) ? 'an environment file of LiteLLM' : 'a file without hxllm’s mark';
}

function processOf(pid: string, path: string, unit: string, command: string): Foreign {
  // Without root, sockets of other users are visible, but not their processes.
  if (pid === '') return { kind: 'process', path: '', looksLike: 'a process of another user holds the port' };
  const short = command.trim().split(/\s+/).slice(0, 2).join(' ');
  const looksLike = `${short === '' ? 'a process' : short} (pid ${pid}${unit === '' ? '' : `, ${unit}`}) holds the port`;
  return { kind: 'process', path, looksLike, pid: Number(pid), ...(unit === '' ? {} : { unit }) };
}
