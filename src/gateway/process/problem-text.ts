import type { Problem } from '../../core/problem.ts';

/** A Problem as lines for a person: place and summary, expected and found, fix. */
export function problemText(severity: 'error' | 'warning', { code, summary, detail, fix, where }: Problem): string {
  const location = [where?.file, where?.line, where?.column].filter((part) => part !== undefined).join(':');
  return `${severity}: ${location === '' ? '' : `${location}: `}${summary} (${code})\n  ${detail}\n  fix: ${fix}\n`;
}

/** The exit code for a Problem at the start: 64 for wrong usage, 70 for a bug, 78 for the configuration. */
export function exitCodeOf({ code }: Problem): number {
  return code.startsWith('usage.') ? 64 : code.startsWith('bug.') ? 70 : 78;
}
