/** The first words of what hxllm installs; a file of ours has them in its first two lines (scripts begin with `#!`). */
export const MARK = '# Installed by hxllm';

/** The first line of every file that is rendered onto a host. */
export const MARK_LINE = `${MARK}; the next enforce overwrites changes made here.`;

/** The GECOS field of a user that hxllm made; uninstall removes no other. */
export const USER_GECOS = 'hxllm gateway';

/** Whether a file's text says that hxllm installed it. */
export function isMarked(text: string): boolean {
  return text.split('\n', 2).some((line) => line.startsWith(MARK));
}
