/** The mark of every file that hxllm installs. It stands in the first two lines, since scripts begin with `#!`. */
export const MARK = '# Installed by hxllm';

/** The first line of every file that is rendered onto a host. */
export const MARK_LINE = `${MARK}; the next enforce overwrites changes made here.`;

/** The GECOS field of a user that hxllm created. Uninstall removes no other user. */
export const USER_GECOS = 'hxllm gateway';

/** Whether a file's text has hxllm's mark. */
export function isMarked(text: string): boolean {
  return text.split('\n', 2).some((line) => line.startsWith(MARK));
}
