import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { shownPath } from '../../config/shown-path.ts';
import { asError, errorCode } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { quote } from '../../core/shell.ts';
import { timestampOf } from '../../core/timestamp.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import { writeChanges } from '../files/write-changes.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { reportProblems } from '../views/problems.ts';

/** The templates' folder. Built files lie at the same depth as `src`. */
const TEMPLATES = join(import.meta.dirname, '../../../templates');

/** The files for monitoring, in the package and below the operator's folder. */
export const MONITORING_FILES = ['grafana/hxllm.json', 'prometheus/alerts.yml', 'prometheus/alerts.test.yml'] as const;

/** The options of `hxllm templates`. */
export interface TemplatesOptions {
  readonly write: string;
  /** Replaces files with another text; a copy of each stays beside it. */
  readonly replace?: boolean;
}

interface MonitoringFile {
  readonly path: string;
  readonly text: string;
  readonly before: string | Error | undefined;
}

/**
 * Writes the board and the alerts to a folder. A file with another text is the operator's: nothing is written then, unless they are to be
 * replaced, with copies. Returns the exit code.
 */
export async function writeMonitoringFiles(
  terminal: Terminal,
  { write: folder, replace = false }: TemplatesOptions,
): Promise<number> {
  const { cwd, stdout } = terminal;
  if (folder.trim() === '') return giveUp(terminal, [NO_FOLDER]);
  const place = resolve(cwd, folder);
  const files = await Promise.all(
    MONITORING_FILES.map(async (name): Promise<MonitoringFile> => {
      const path = join(place, name);
      return { path, text: await readFile(join(TEMPLATES, name), 'utf8'), before: await textOf(path) };
    }),
  );
  const unreadable = files.flatMap(({ path, before }) =>
    before instanceof Error ? [unreadableFile(path, before)] : [],
  );
  if (unreadable.length > 0) return giveUp(terminal, unreadable);
  const changes = files.flatMap(({ path, text, before }) =>
    before === text || before instanceof Error ? [] : [{ path, before, after: text, mode: 0o644 }],
  );
  const edited = changes.filter(({ before }) => before !== undefined);
  if (edited.length > 0 && !replace)
    return giveUp(
      terminal,
      edited.map(({ path }) => editedFile(path, folder)),
    );
  const timestamp = timestampOf(terminal.nowMs());
  const written = await writeChanges(changes, timestamp);
  if (!written.ok) return giveUp(terminal, written.problems);
  for (const { path, text, before } of files) {
    const how = before === undefined ? 'wrote' : before === text ? 'unchanged' : 'replaced';
    stdout.write(`${how} ${path}${how === 'replaced' ? `  (a copy: ${path}.${timestamp}.bak)` : ''}\n`);
  }
  const [, alerts = ''] = MONITORING_FILES.map((name) => shownPath(join(place, name), cwd));
  stdout.write(
    `\nGrafana: Dashboards, New, Import, and choose hxllm.json.\nPrometheus: name ${alerts} in rule_files.\nMore: hxllm docs observability\n`,
  );
  return EXIT.ok;
}

async function textOf(path: string): Promise<string | Error | undefined> {
  const text = await readFile(path, 'utf8').catch(asError);
  return text instanceof Error && errorCode(text) === 'ENOENT' ? undefined : text;
}

const NO_FOLDER: Problem = {
  code: 'usage.templates',
  summary: 'the folder for the templates has no name',
  detail: 'Expected a folder, found an empty text. Nothing was written.',
  fix: 'hxllm templates --write monitoring',
};

function editedFile(path: string, folder: string): Problem {
  return {
    code: 'templates.taken',
    summary: 'a file there has another text',
    detail:
      'Expected no file, or hxllm’s own, found another text: yours, or that of another hxllm. Nothing was written.',
    fix: `hxllm templates --write ${quote(folder)} --replace  # keeps a copy of each beside it`,
    where: { file: path },
  };
}

function unreadableFile(path: string, error: Error): Problem {
  return {
    code: errorCode(error) === 'EACCES' ? 'permission.templates' : 'templates.unwritable',
    summary: 'the templates cannot be written',
    detail: `Expected a place for a file, found ${error.message}. Nothing was written.`,
    fix: 'hxllm templates --write DIR  # another folder',
    where: { file: path },
  };
}

function giveUp(terminal: Terminal, problems: readonly Problem[]): number {
  reportProblems(terminal, problems);
  return exitCodeOfProblems(problems);
}
