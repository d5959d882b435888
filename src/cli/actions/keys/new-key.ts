import { apiKeyHash, newApiKey, wantedAlias } from '../../../core/api-key.ts';
import { instantOf } from '../../../core/instant.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import { withoutKeys } from '../../../core/without-keys.ts';
import { EXIT, exitCodeOfProblems } from '../../exit-code.ts';
import { readManifest } from '../../shipping/package-root.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { DOCUMENT_VERSION, type DocumentHead } from '../../views/document.ts';
import { reportProblems } from '../../views/problems.ts';

/** The options of `hxllm keys new`. */
export interface NewKeyOptions {
  readonly expires?: string;
  /** Names, patterns and groups of models. */
  readonly models?: readonly string[];
  readonly team?: string;
  readonly rpmLimit?: number;
  readonly tpmLimit?: number;
  readonly maxParallelRequests?: number;
  readonly json?: boolean;
}

/** The document of `hxllm keys new --json`. */
export interface NewKeyDocument extends DocumentHead {
  readonly alias: string;
  /** The key itself, shown this once. */
  readonly key: string;
  readonly hash: string;
  /** The entry for `litellm_keys`. */
  readonly line: string;
}

/** Prints a new key and its line; returns the exit code. */
export async function printNewKey(terminal: Terminal, alias: string, options: NewKeyOptions): Promise<number> {
  const made = newKey(alias, options, (await readManifest()).version);
  if (!made.ok) {
    reportProblems(terminal, made.problems);
    return exitCodeOfProblems(made.problems);
  }
  terminal.stdout.write(`${made.value}\n`);
  return EXIT.ok;
}

/** Makes a key of a client, and the line for the operator's files, which holds its hash alone. Nothing is written. */
export function newKey(
  alias: string,
  { json = false, ...fields }: NewKeyOptions,
  version: string,
  key = newApiKey(),
): Result<string> {
  const wanted = wantedAlias(alias);
  // A key in the place of the name is not shown.
  if (wanted !== undefined) return fail(unsuitable(wanted, `the alias ${withoutKeys(JSON.stringify(alias))}`));
  const { expires } = fields;
  if (expires !== undefined && instantOf(expires) === undefined)
    return fail(unsuitable('--expires 2027-01-01, or 2027-01-01T12:00:00Z with a time', expires));
  const hash = apiKeyHash(key);
  const line = lineOf(alias, hash, fields);
  if (json) {
    const document: NewKeyDocument = {
      schemaVersion: DOCUMENT_VERSION,
      program: { name: 'hxllm', version },
      command: 'keys new',
      alias,
      key,
      hash,
      line,
    };
    return ok(JSON.stringify(document, undefined, 2));
  }
  return ok(
    [
      `The key of ${alias}. It is shown only now:`,
      `  ${key}`,
      '',
      'Its line below litellm_keys in group_vars/all/main.yml; then run: hxllm enforce',
      'litellm_keys:',
      `  ${line}`,
    ].join('\n'),
  );
}

/** The entry in YAML's flow style: a text of JSON is one of YAML, whatever it says. */
function lineOf(
  alias: string,
  hash: string,
  { expires, models, team, rpmLimit, tpmLimit, maxParallelRequests }: Omit<NewKeyOptions, 'json'>,
): string {
  const fields = {
    alias,
    hash,
    expires,
    team,
    models,
    rpm_limit: rpmLimit,
    tpm_limit: tpmLimit,
    max_parallel_requests: maxParallelRequests,
  };
  const written = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
  return `- {${written.join(', ')}}`;
}

function unsuitable(wanted: string, found: string): Problem {
  return {
    code: 'usage.new-key',
    summary: 'no key was made',
    detail: `Expected ${wanted}, found ${found}.`,
    fix: 'hxllm keys new open-webui --offline --expires 2027-01-01',
  };
}
