import type { Output } from './terminal.ts';

/** A whole screen that is drawn again and again. */
export interface Screen {
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

// xterm's control sequences, which every terminal of today has: the alternate screen, wrapping of long lines, the cursor, and clearing.
const [ENTER, LEAVE] = ['\u001B[?1049h\u001B[?7l\u001B[?25l', '\u001B[?25h\u001B[?7h\u001B[?1049l'];
const [HOME, CLEAR_LINE, CLEAR_BELOW] = ['\u001B[H', '\u001B[2K', '\u001B[J'];

/** Opens the alternate screen of a terminal, which leaves the lines before it as they were. It is left however the process ends. */
export function openScreen(output: Output): Screen {
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.off('exit', close);
    process.off('SIGTSTP', suspend);
    process.off('SIGCONT', resume);
    output.write(LEAVE);
  };
  // Ctrl-Z: the shell gets its own screen.
  const suspend = (): void => {
    output.write(LEAVE);
    process.kill(process.pid, 'SIGSTOP');
  };
  const resume = (): void => {
    output.write(ENTER);
  };
  process.once('exit', close);
  process.on('SIGTSTP', suspend);
  process.on('SIGCONT', resume);
  output.write(ENTER);
  return {
    // Line by line over the old picture, so that nothing flickers. It is cleared before each line: behind a line that is as wide as the
    // screen, the cursor is on its last character.
    draw: (lines) => {
      if (!isOpen) return;
      const last = lines.length - 1;
      output.write(HOME + lines.map((line, index) => (index === last ? CLEAR_BELOW : CLEAR_LINE) + line).join('\r\n'));
    },
    close,
  };
}
