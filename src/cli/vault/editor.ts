import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readUtf8 } from '../../config/utf8.ts';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { makeMemoryFolder } from './memory-folder.ts';

/**
 * Opens a text in the operator's editor (`$ANSIBLE_EDITOR`, `$EDITOR`, else vi) and returns it as it was saved. `check` returns the fault of a
 * text; on a terminal the operator may correct it. The file is 0600 in memory, and is gone afterwards. SIGTERM and SIGHUP end the editor.
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
  const { ANSIBLE_EDITOR, EDITOR } = terminal.environment;
  const editor = [ANSIBLE_EDITOR, EDITOR].find((one) => one !== undefined && one.trim() !== '') ?? 'vi';
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    for (;;) {
      const startMs = performance.now();
      const code = await runEditor(editor, file);
      if (code !== 0) return fail(failedEditor(`${editor} to end with 0`, String(code)));
      const bytes = await readFile(file).catch((error: unknown) => errorMessage(error));
      if (typeof bytes === 'string') return fail(failedEditor(`the text that ${editor} saved`, bytes));
      const saved = readUtf8(bytes);
      if (saved === text) {
        if (terminal.interactive && performance.now() - startMs < AT_ONCE_MS) terminal.stderr.write(WAIT_HINT);
        return ok(saved);
      }
      const fault =
        typeof saved === 'string'
          ? await check(saved)
          : `Expected UTF-8, found another byte at offset ${String(saved.offset)}: the editor saved in another encoding.`;
      if (typeof saved === 'string' && fault === undefined) return ok(saved);
      terminal.stderr.write(`${fault ?? ''}\n`);
      if (terminal.interactive && (await terminal.askYesNo('Edit it again? “No” drops the change. ', signal))) continue;
      return fail({
        code: 'vault.not-yaml',
        summary: 'the text is no file of variables',
        detail: `${fault ?? ''} Nothing was changed.`,
        fix: 'hxllm vault edit FILE',
      });
    }
  } finally {
    await folder.value.remove();
  }
}

/** A person takes longer to look at a text. */
const AT_ONCE_MS = 1000;

const WAIT_HINT =
  'The editor ended at once. If its window is still open, its changes are lost: an editor in a window has to wait, as with EDITOR="code --wait".\n';

function failedEditor(wanted: string, found: string): Problem {
  return {
    code: 'vault.editor',
    summary: 'the editor failed',
    detail: `Expected ${wanted}, found ${found}. Nothing was changed.`,
    fix: 'EDITOR=nano hxllm vault edit FILE',
  };
}

/** An editor that does not end by then has not heard the signal. */
const PATIENCE_MS = 2000;

// A shell reads the words of $EDITOR, as it does for git and ansible-vault: `code --wait`.
function runEditor(editor: string, file: string): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    // Ctrl-C on the terminal is the editor's own.
    const ignore = (): void => {};
    process.on('SIGINT', ignore);
    const pass = (signal: NodeJS.Signals): void => {
      // The shell waits for the editor, which gives the terminal back first.
      const own = child.pid === undefined ? [] : [child.pid];
      const editors = childrenOf(child.pid);
      for (const pid of editors.length > 0 ? editors : own) sendTo(pid, signal);
      setTimeout(() => {
        end(signal);
      }, PATIENCE_MS).unref();
    };
    process.on('SIGTERM', pass);
    process.on('SIGHUP', pass);
    const end = (how: number | string): void => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', pass);
      process.off('SIGHUP', pass);
      child.unref();
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

/** The processes that a process has started: the shell starts the editor. */
function childrenOf(pid: number | undefined): readonly number[] {
  try {
    const own = String(pid);
    return readFileSync(`/proc/${own}/task/${own}/children`, 'utf8')
      .split(' ')
      .filter((word) => word !== '')
      .map(Number);
  } catch {
    return [];
  }
}

function sendTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}
