import { SshPrompts } from '../../remote/ssh/prompts.ts';
import type { Terminal } from './terminal.ts';

/** SSH's questions on this terminal; undefined if none can be asked there. `before` makes room for a question. */
export function sshPromptsOf(terminal: Terminal, before: () => void = () => {}): SshPrompts | undefined {
  if (!terminal.interactive) return undefined;
  return new SshPrompts(
    (question, signal) => {
      before();
      return terminal.askHidden(question, signal);
    },
    (message) => {
      before();
      terminal.stderr.write(`${message}\n`);
    },
  );
}
