import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { shownPath } from '../../config/shown-path.ts';
import { errorCode, errorMessage } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { quote } from '../../core/shell.ts';
import { TEMPLATE_NAMES } from '../../core/template-name.ts';
import { makeFolders } from '../../evidence/make-folders.ts';
import { templateText } from '../../render/template.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { reportProblems } from '../views/problems.ts';

/**
 * Writes hxllm's templates to a folder, for an operator to change, and prints the variable that uses them. A file with another text is
 * never replaced: then nothing is written. Returns the exit code.
 */
export async function writeTemplates(terminal: Terminal, folder: string): Promise<number> {
  const { cwd, stdout } = terminal;
  // An empty shell variable would write beside the inventory.
  if (folder.trim() === '') return giveUp(terminal, [noFolder()]);
  const place = resolve(cwd, folder);
  const shown = shownPath(place, cwd);
  const files = TEMPLATE_NAMES.map((name) => ({
    name,
    path: join(place, name),
    text: templateText(name),
  }));
  const found = await Promise.all(files.map(async ({ path }) => readFile(path, 'utf8').catch(() => undefined)));
  const changed = files.filter(({ text }, index) => found[index] !== undefined && found[index] !== text);
  if (changed.length > 0)
    return giveUp(
      terminal,
      changed.map(({ name, path }) => taken(name, path)),
    );
  try {
    makeFolders(place);
    // `wx`: a file that came in the meantime is not replaced either.
    for (const [index, { path, text }] of files.entries())
      if (found[index] === undefined) await writeFile(path, text, { flag: 'wx', mode: 0o644 });
  } catch (error) {
    return giveUp(terminal, [unwritable(place, error)]);
  }
  for (const [index, { path }] of files.entries())
    stdout.write(`${found[index] === undefined ? 'wrote' : 'unchanged'} ${path}\n`);
  stdout.write(
    [
      '',
      'To use them, write in group_vars:',
      `  litellm_templates_dir: ${JSON.stringify(shown)}`,
      'A template that you remove stands for hxllm’s own. Next: hxllm validate',
      '',
    ].join('\n'),
  );
  return EXIT.ok;
}

function noFolder(): Problem {
  return {
    code: 'usage.templates',
    summary: 'the folder for the templates has no name',
    detail: 'Expected a folder, found an empty text. Nothing was written.',
    fix: 'hxllm validate --write-templates templates',
  };
}

function taken(name: string, path: string): Problem {
  return {
    code: 'templates.taken',
    summary: `the folder has another ${name}`,
    detail: `Expected no ${name}, or hxllm’s own, found another text. Nothing was written.`,
    fix: `mv ${quote(path)} ${quote(`${path}.mine`)}, or write to another folder and compare`,
    where: { file: path },
  };
}

function unwritable(folder: string, error: unknown): Problem {
  return {
    code: errorCode(error) === 'EACCES' ? 'permission.templates' : 'templates.unwritable',
    summary: 'the templates cannot be written',
    detail: `Expected a folder that this user may write at ${folder}, found ${errorMessage(error)}.`,
    fix: 'choose another folder: hxllm validate --write-templates DIR',
    where: { file: folder },
  };
}

function giveUp(terminal: Terminal, problems: readonly Problem[]): number {
  reportProblems(terminal, problems);
  return exitCodeOfProblems(problems);
}
