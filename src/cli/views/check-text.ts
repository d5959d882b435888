import type { Severity } from '../../core/verdict.ts';
import { field } from './check.ts';
import type { CheckDescription } from './checks-document.ts';
import { tableLines } from './columns.ts';
import { flow } from './flow.ts';
import type { Paint } from './paint.ts';

const MEANING: Readonly<Record<Severity, string>> = {
  error: 'error: preflight fails if it fails or is unknown',
  warning: 'warning: it is shown and does not fail preflight',
  note: 'note: information, which does not fail preflight',
};

/** Checks by family, one line each: id, severity and title. A subject stands in brackets behind the id. */
export function listedChecks(checks: readonly CheckDescription[], paint: Paint, columns: number): string {
  const lines = tableLines(
    checks.map(({ id, severity, title, hasSubject }) => ({
      cells: [`  ${id}${hasSubject ? '[…]' : ''}`, severity, title],
      styles: [undefined, paint.dim, undefined],
    })),
    columns,
  );
  const numbered = checks.map((check, index) => ({ ...check, line: `${lines[index] ?? ''}\n` }));
  return [...Map.groupBy(numbered, ({ familyTitle }) => familyTitle)]
    .map(([title, members]) => `${paint.bold(title)}\n${members.map(({ line }) => line).join('')}`)
    .join('');
}

/** A check in full: its title, the reason for it, its severity, the checks before it, and the way to fix it. */
export function explainedCheck(check: CheckDescription, paint: Paint, columns: number): string {
  const { id, title, severity, hasSubject, after, why, remedy, familyTitle } = check;
  const layout = { paint, indent: -2, columns, verbose: true };
  const isGeneral = hasSubject && !id.includes('[');
  const head = flow(
    [
      { text: `${id}${isGeneral ? '[…]' : ''}`, paint: paint.bold },
      { text: title },
      { text: `(${familyTitle})`, paint: paint.dim },
    ],
    { indent: 0, hang: 2, columns },
  );
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['why', why],
    ['severity', MEANING[severity]],
    ['after', after.length === 0 ? undefined : `${after.join(', ')}; skipped unless they pass`],
    ['remedy', remedy],
    ['ask', `hxllm preflight --only ${/[^\w.:-]/.test(id) ? `'${id}'` : id}`],
  ];
  return head + rows.map(([name, value]) => (value === undefined ? '' : field(name, value, layout))).join('');
}
