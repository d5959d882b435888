import type { Json } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';
import { tableLines, type TableLine } from './columns.ts';
import { csvLines } from './csv.ts';
import type { Paint } from './paint.ts';

/** Keys as a table. */
export function keyTable(rows: readonly Json[], paint: Paint, columns: number): readonly string[] {
  if (rows.length === 0) return ['no keys'];
  const head = ['NAME', 'STATE', 'TEAM', 'USER', 'EXPIRES', 'LIMITS', 'MODELS'];
  return table(
    head,
    rows.map((row) => {
      const state = shownValue(row['status']);
      const cells = [
        nameOfRow(row),
        row['source'] === undefined ? state : `${state}, file`,
        shownValue(row['team_id']),
        shownValue(row['user_id']),
        shownValue(row['expires']).slice(0, 16).replace('T', ' '),
        limitsOf(row),
        shownValue(row['models']),
      ];
      return { cells, styles: [undefined, state === 'active' ? paint.good : paint.bad] };
    }),
    paint,
    columns,
  );
}

/** Teams as a table. */
export function teamTable(rows: readonly Json[], paint: Paint, columns: number): readonly string[] {
  if (rows.length === 0) return ['no teams'];
  const lines = rows.map((row): TableLine => {
    const members = row['members_with_roles'];
    const state = row['blocked'] === true ? 'blocked' : 'active';
    const cells = [
      shownValue(row['team_id']),
      shownValue(row['team_alias']),
      row['source'] === undefined ? state : `${state}, file`,
      String(Array.isArray(members) ? members.length : 0),
      limitsOf(row),
      shownValue(row['models']),
    ];
    return { cells, styles: [undefined, undefined, state === 'active' ? paint.good : paint.bad] };
  });
  return table(['ID', 'NAME', 'STATE', 'MEMBERS', 'LIMITS', 'MODELS'], lines, paint, columns);
}

const LIMIT_COLUMNS =
  'rpm_limit tpm_limit max_parallel_requests token_budget token_spend max_budget spend budget_duration budget_reset_at created_at updated_at';
const KEY_COLUMNS = `key_alias key_id status source team_id user_id models expires ${LIMIT_COLUMNS}`.split(' ');
const TEAM_COLUMNS = `team_id team_alias blocked source members models ${LIMIT_COLUMNS}`.split(' ');

/** Keys as CSV. */
export function keyCsv(rows: readonly Json[]): readonly string[] {
  return csvLines(KEY_COLUMNS, rows);
}

/** Teams as CSV, with the number of their members. */
export function teamCsv(rows: readonly Json[]): readonly string[] {
  const numbered = rows.map((row) => {
    const { members_with_roles: members } = row;
    return { ...row, members: Array.isArray(members) ? members.length : 0 };
  });
  return csvLines(TEAM_COLUMNS, numbered);
}

/** A key or team, a field in each line; fields without a value are left out. */
export function recordLines(row: Json, paint: Paint): readonly string[] {
  const shown = Object.entries(row).filter(([, value]) => shownValue(value) !== '-');
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${paint.dim(printable(name).padEnd(width))}  ${shownValue(value)}`);
}

/** The name of a key for people: its alias, else its id. */
export function nameOfRow(row: Json): string {
  return shownValue(row['key_alias'] ?? row['key_id']);
}

function table(head: readonly string[], lines: readonly TableLine[], paint: Paint, columns: number): readonly string[] {
  return tableLines([{ cells: head, styles: head.map(() => paint.dim) }, ...lines], columns);
}

function limitsOf(row: Json): string {
  const limits = [
    [row['rpm_limit'], 'rpm'],
    [row['tpm_limit'], 'tpm'],
    [row['max_parallel_requests'], 'at once'],
    [row['token_budget'], `tokens ${periodOf(row)}`],
    [row['max_budget'], `money ${periodOf(row)}`],
  ].flatMap(([limit, unit]) => (typeof limit === 'number' ? [`${String(limit)} ${String(unit)}`] : []));
  return limits.length === 0 ? '-' : limits.join(', ');
}

function periodOf({ budget_duration: period }: Json): string {
  return typeof period === 'string' ? `each ${printable(period)}` : 'in all';
}

function shownValue(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value) && value.every((one) => typeof one === 'string'))
    return value.length === 0 ? '-' : printable(value.join(', '));
  const text = JSON.stringify(value);
  return text === '{}' || text === '[]' ? '-' : printable(text);
}
