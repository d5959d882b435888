import { noted } from '../facts/installation/notes.ts';

/** The access of folders that are older than hxllm, by path, from the notes of what hxllm made. */
export function accessBefore(
  made: readonly string[],
): ReadonlyMap<string, { readonly owner: string; readonly group: string; readonly mode: number }> {
  return new Map(
    noted(made, 'access').flatMap((text) => {
      const [, mode, owner, group, path] = /^(\d+) ([^:]+):(\S+) (.+)$/.exec(text) ?? [];
      return mode === undefined || owner === undefined || group === undefined || path === undefined
        ? []
        : [[path, { owner: nameNow(owner), group: nameNow(group), mode: Number.parseInt(mode, 8) }] as const];
    }),
  );
}

// Markers of older versions noted a deleted user or group by this word of stat(1).
function nameNow(name: string): string {
  return name === 'UNKNOWN' ? 'root' : name;
}
