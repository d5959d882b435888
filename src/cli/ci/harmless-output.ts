import type { Output, Terminal } from '../terminal/terminal.ts';

/**
 * The text without workflow commands: a name or an error of a server must not set annotations or hide words of the log. GitHub's runner
 * takes `##[` anywhere in a line, and `::` behind blanks (actions/runner, src/Runner.Common/ActionCommand.cs).
 */
export function withoutCommands(text: string): string {
  return text.replaceAll('##[', '## [').replaceAll(/^([^\S\n]*):(?=:)/gm, '$1: ');
}

/** The terminal whose outputs hold no workflow commands. */
export function harmlessOutput(terminal: Terminal): Terminal {
  const harmless = (output: Output): Output => ({
    ...output,
    write: (text) => {
      output.write(withoutCommands(text));
    },
  });
  return { ...terminal, stdout: harmless(terminal.stdout), stderr: harmless(terminal.stderr) };
}
