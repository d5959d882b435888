import type { Output } from './terminal.ts';

/** A whole screen that is drawn again and again. */
export interface Screen {
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

// xterm's control sequences, which every terminal of today has: the alternate screen, the cursor, and clearing.
const [ENTER, LEAVE] = ['\u001B[?1049h\u001B[?25l', '\u001B[?25h\u001B[?1049l'];
const [HOME, TO_LINE_END, TO_SCREEN_END] = ['\u001B[H', '\u001B[K', '\u001B[J'];

/** Opens the alternate screen of a terminal, which leaves the lines before it as they were. It is left however the process ends. */
export function openScreen(output: Output): Screen {
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    process.off('exit', close);
    output.write(LEAVE);
  };
  process.once('exit', close);
  output.write(ENTER);
  return {
    // Line by line over the old picture, so that nothing flickers.
    draw: (lines) => {
      if (isOpen) output.write(`${HOME}${lines.map((line) => `${line}${TO_LINE_END}`).join('\r\n')}${TO_SCREEN_END}`);
    },
    close,
  };
}
