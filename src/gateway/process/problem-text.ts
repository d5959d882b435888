import type { Problem } from '../../core/problem.ts';

/** A Problem as lines for a person: where and what, wanted and seen, what mends it. */
export function problemText(severity: 'error' | 'warning', { code, summary, detail, fix, where }: Problem): string {
  const place = [where?.file, where?.line, where?.column].filter((part) => part !== undefined).join(':');
  return `${severity}: ${place === '' ? '' : `${place}: `}${summary} (${code})\n  ${detail}\n  fix: ${fix}\n`;
}

/** The exit code that a Problem ends the gateway with: its start fails on configuration, but for wrong usage and our own bugs. */
export function exitCodeOf({ code }: Problem): number {
  return code.startsWith('usage.') ? 64 : code.startsWith('bug.') ? 70 : 78;
}
