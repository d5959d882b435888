import type { Question } from './question.ts';

/** A group as programs on the host resolve it (NSS: files, SSSD, winbind); `undefined` if it does not resolve. */
export interface ResolvedGroup {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Resolves a group on the host; nothing is asked where no name is given. A directory may take seconds to answer. */
export function groupQuestion(name: string | undefined): Question<ResolvedGroup | undefined> {
  return {
    script: '[ -n "$1" ] || exit 0; getent group -- "$1"; code=$?; [ $code = 2 ] && exit 0; exit $code',
    arguments: [name ?? ''],
    as: 'user',
    timeoutS: 20,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`getent exited with ${String(exitCode)}`);
      return parseGroup(stdout);
    },
  };
}

/** Parses a line of group(5). */
export function parseGroup(text: string): ResolvedGroup | undefined {
  const [, name, gid, members = ''] = /^([^:\n]+):[^:\n]*:(\d+):(.*)$/m.exec(text) ?? [];
  return name === undefined
    ? undefined
    : { name, gid: Number(gid), members: members.split(',').filter((member) => member !== '') };
}
