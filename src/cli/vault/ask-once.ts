import type { Terminal } from '../terminal/terminal.ts';

/** The terminal, which asks each hidden question once: a command that opens several vaults needs their password once. */
export function askOnce(terminal: Terminal, before: () => void): Terminal {
  const answers = new Map<string, ReturnType<Terminal['askHidden']>>();
  return {
    ...terminal,
    askHidden: (prompt, signal) => {
      const known = answers.get(prompt);
      if (known !== undefined) return known;
      before();
      const answer = terminal.askHidden(prompt, signal);
      answers.set(prompt, answer);
      return answer;
    },
  };
}
