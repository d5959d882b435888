import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { makeMemoryFolder } from './memory-folder.ts';

/**
 * Opens a text in the operator's editor (`$ANSIBLE_EDITOR`, `$EDITOR`, else vi) and returns it as it was saved. `check` returns the fault of a
 * text; on a terminal the operator may correct it. The file is 0600 in memory, and is gone afterwards.
 */
export async function editText(
  terminal: Terminal,
  { text, name }: { readonly text: string; readonly name: string },
  check: (text: string) => Promise<string | undefined>,
  signal: AbortSignal,
): Promise<Result<string>> {
  const folder = await makeMemoryFolder(terminal.environment);
  if (!folder.ok) return folder;
  const file = join(folder.value.path, name);
  const editor = terminal.environment['ANSIBLE_EDITOR'] ?? terminal.environment['EDITOR'] ?? 'vi';
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    for (;;) {
      const code = await runEditor(editor, file);
      if (code !== 0)
        return fail({
          code: 'vault.editor',
          summary: 'the editor failed',
          detail: `Expected ${editor} to end with 0, found ${String(code)}. Nothing was changed.`,
          fix: 'EDITOR=nano hxllm vault edit FILE',
        });
      const saved = await readFile(file, 'utf8');
      const fault = saved === text ? undefined : await check(saved);
      if (fault === undefined) return ok(saved);
      terminal.stderr.write(`${fault}\n`);
      if (terminal.interactive && (await terminal.askYesNo('Edit it again? “No” drops the change. ', signal))) continue;
      return fail({
        code: 'vault.not-yaml',
        summary: 'the text is no file of variables',
        detail: `${fault} Nothing was changed.`,
        fix: 'hxllm vault edit FILE',
      });
    }
  } finally {
    await folder.value.remove();
  }
}

// A shell reads the words of $EDITOR, as it does for git and ansible-vault: `code --wait`.
function runEditor(editor: string, file: string): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    // Ctrl-C on the terminal is the editor's own.
    const ignore = (): void => {};
    process.on('SIGINT', ignore);
    const end = (how: number | string): void => {
      process.off('SIGINT', ignore);
      resolve(how);
    };
    child.once('error', (error) => {
      end(error.message);
    });
    child.once('exit', (code, killedBy) => {
      end(code ?? String(killedBy));
    });
  });
}
