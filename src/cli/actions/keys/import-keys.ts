import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { asError } from '../../../core/error.ts';
import { isObject, textOf, type Json } from '../../../core/json.ts';
import { pluralize } from '../../../core/pluralize.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import type { FleetGateway } from '../../fleet/fleet-gateway.ts';
import { callForObject } from '../../keys/call-gateway.ts';
import { readCsv } from '../../keys/csv.ts';
import { ignoredNotes, runOnGateway, type GatewayCommandOptions } from '../../keys/gateway-command.ts';
import { fieldsOfRow, type CsvRow } from '../../keys/litellm-rows.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** The options of `hxllm keys import`. */
export interface ImportOptions extends GatewayCommandOptions {
  readonly from: string;
  readonly teams?: string;
}

/** Keys of one call. */
const AT_ONCE = 200;

/** A row that was not taken. */
interface LeftRow {
  readonly file: string;
  /** From 1, without the header. */
  readonly row: number;
  readonly name: string;
  readonly reason: string;
}

/** The rows of one table: fields to send, and rows that cannot be read. */
interface ReadTable {
  readonly rows: readonly { readonly row: number; readonly name: string; readonly fields: Json }[];
  readonly left: LeftRow[];
  readonly columns: Set<string>;
}

/** `hxllm keys import`: keys of LiteLLM by their hashes, which go on working. Rows that are there already are left, so a second run adds none. */
export function importKeys(terminal: Terminal, { from, teams, ...options }: ImportOptions): Promise<number> {
  return runOnGateway(terminal, 'keys import', options, async (gateway, signal) => {
    const keyTable = await readTable(resolve(terminal.cwd, from), 'token', 'key_alias');
    if (!keyTable.ok) return keyTable;
    const teamTable =
      teams === undefined ? undefined : await readTable(resolve(terminal.cwd, teams), 'team_id', 'team_alias');
    if (teamTable?.ok === false) return teamTable;
    const ignored = new Set<string>();
    const madeTeams =
      teamTable === undefined ? 0 : await sendTeams(gateway, teamTable.value, signal, ignored, teams ?? '');
    if (typeof madeTeams !== 'number') return madeTeams;
    const made = await sendKeys(gateway, keyTable.value, signal, ignored, from);
    if (!made.ok) return made;
    const left = [...(teamTable?.value.left ?? []), ...keyTable.value.left];
    const columns = [...new Set([...(teamTable?.value.columns ?? []), ...keyTable.value.columns])];
    return ok({
      lines: [
        `${pluralize(made.value, 'key')}${teams === undefined ? '' : ` and ${pluralize(madeTeams, 'team')}`} imported, ${pluralize(left.length, 'row')} left`,
        ...left.map(
          ({ file, row, name, reason }) => `  ${file}, row ${String(row)}${name === '' ? '' : ` (${name})`}: ${reason}`,
        ),
        ...(columns.length === 0 ? [] : [`left out of every row: ${columns.join(', ')}`]),
      ],
      fields: { keys: made.value, teams: madeTeams, left, left_columns: columns, ignored_fields: [...ignored] },
      notes: ignoredNotes([...ignored]),
    });
  });
}

async function readTable(file: string, idColumn: string, nameColumn: string): Promise<Result<ReadTable>> {
  const text = await readFile(file, 'utf8').catch(asError);
  if (text instanceof Error)
    return fail({
      code: 'config.csv',
      summary: 'the file cannot be read',
      detail: `Expected a table of LiteLLM as CSV, found: ${text.message}.`,
      fix: `ls -l ${file}`,
      where: { file },
    });
  const parsed = readCsv(text);
  if ('line' in parsed)
    return fail({
      code: 'config.csv',
      summary: 'the file is no CSV',
      detail: 'Expected fields in quotes, or without quotes and commas, found another text.',
      fix: 'hxllm docs operations  # has the command that writes the file',
      where: { file, line: parsed.line },
    });
  const [first] = parsed;
  if (first !== undefined && !(idColumn in first))
    return fail({
      code: 'config.csv',
      summary: `the table has no column ${idColumn}`,
      detail: `Expected a header with ${idColumn}, found ${Object.keys(first).slice(0, 8).join(', ')}.`,
      fix: 'hxllm docs operations  # has the command that writes the file',
      where: { file, line: 1 },
    });
  const columns = new Set<string>();
  const left: LeftRow[] = [];
  const rows = parsed.flatMap((row: CsvRow, index) => {
    const name = row[nameColumn] ?? row['key_name'] ?? '';
    const fields = fieldsOfRow(row, columns);
    if (!('wrong' in fields)) return [{ row: index + 1, name, fields }];
    left.push({
      file,
      row: index + 1,
      name,
      reason: `${String(fields['wrong'])}: expected a value as PostgreSQL writes it`,
    });
    return [];
  });
  return ok({ rows, left, columns });
}

async function sendTeams(
  gateway: FleetGateway,
  { rows, left }: ReadTable,
  signal: AbortSignal,
  ignored: Set<string>,
  file: string,
): Promise<number | ReturnType<typeof fail>> {
  let made = 0;
  for (const { row, name, fields } of rows) {
    const sent = await callForObject(gateway, '/team/new', signal, fields);
    if (sent.ok) {
      made += 1;
      for (const field of sent.value.ignored) ignored.add(field);
    } else if (sent.problems[0].code === 'gateway.refused')
      left.push({ file, row, name, reason: sent.problems[0].detail });
    else return sent;
  }
  return made;
}

async function sendKeys(
  gateway: FleetGateway,
  { rows, left }: ReadTable,
  signal: AbortSignal,
  ignored: Set<string>,
  file: string,
): Promise<Result<number>> {
  let made = 0;
  for (let at = 0; at < rows.length; at += AT_ONCE) {
    const part = rows.slice(at, at + AT_ONCE);
    const sent = await callForObject(gateway, '/key/import', signal, { keys: part.map(({ fields }) => fields) });
    if (!sent.ok) return sent;
    const { imported, left: refused, ignored_fields: fields } = sent.value.value;
    if (typeof imported === 'number') made += imported;
    if (Array.isArray(fields)) for (const field of fields) ignored.add(String(field));
    for (const one of Array.isArray(refused) ? refused.filter(isObject) : []) {
      const found = part[Number(one['index'])];
      left.push({ file, row: found?.row ?? 0, name: found?.name ?? '', reason: textOf(one, 'reason') });
    }
  }
  return ok(made);
}
