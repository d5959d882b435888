import { readFile } from 'node:fs/promises';
import { errorMessage } from '../../core/error.ts';
import { replay, replayLines, type ReplayOptions } from '../../simulation/replay/replay.ts';
import { EXIT, exitCodeOfProblems } from '../exit-code.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { reportProblems } from '../views/problems.ts';

/** Plays a trace of routing again and prints the figures. Returns the exit code. */
export async function showReplay(
  terminal: Terminal,
  file: string,
  options: ReplayOptions,
  json: boolean,
): Promise<number> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => ({ reason: errorMessage(error) }));
  const replayed =
    typeof text === 'string'
      ? replay(text, file, options)
      : ({
          ok: false,
          problems: [
            {
              code: 'config.trace',
              summary: 'the trace cannot be read',
              detail: `Expected a file, found: ${text.reason}.`,
              fix: 'hxllm docs observability # says how a trace is recorded',
              where: { file },
            },
          ],
        } as const);
  if (!replayed.ok) {
    reportProblems(terminal, replayed.problems);
    return exitCodeOfProblems(replayed.problems);
  }
  const { value } = replayed;
  terminal.stdout.write(
    json ? `${JSON.stringify({ schemaVersion: 1, ...value }, undefined, 2)}\n` : `${replayLines(value).join('\n')}\n`,
  );
  return EXIT.ok;
}
