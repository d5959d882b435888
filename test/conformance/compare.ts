import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { scoreText } from './report.ts';
import type { Row, Verdict } from './verdict.ts';

// node test/conformance/compare.ts hxllm.json ollama.json …: the --json output of several servers, as tables in Markdown.

const verdicts = process.argv.slice(2).map((path) => ({
  name: basename(path, '.json'),
  rows: (JSON.parse(readFileSync(path, 'utf8')) as Verdict).rows, // the documented shape of --json
}));

process.stdout.write(`${[...summary(), ...verdicts.flatMap(({ name, rows }) => failures(name, rows))].join('\n')}\n`);

/** Passed of judged, for each client and theme; an interface that a server does not offer is a dash. */
function summary(): readonly string[] {
  const themes = [...new Set(verdicts.flatMap(({ rows }) => rows.map(placeOf)))];
  const lines = themes.map(
    (theme) =>
      `| ${theme} | ${verdicts.map(({ rows }) => share(rows.filter((row) => placeOf(row) === theme))).join(' | ')} |`,
  );
  return [
    `| client, theme | ${verdicts.map(({ name }) => name).join(' | ')} |`,
    `|---|${verdicts.map(() => '---:|').join('')}`,
    ...lines,
    `| **all** | ${verdicts.map(({ rows }) => `**${share(rows)}**`).join(' | ')} |`,
    `| failed | ${column('fail')} |`,
    `| not applicable | ${column('not applicable')} |`,
    `| not offered | ${column('not offered')} |`,
  ];
}

function column(outcome: Row['outcome']): string {
  return verdicts.map(({ rows }) => rows.filter((row) => row.outcome === outcome).length).join(' | ');
}

function share(rows: readonly Row[]): string {
  const judged = rows.filter(({ outcome }) => outcome === 'pass' || outcome === 'fail');
  return judged.length === 0
    ? '–'
    : `${String(judged.filter(({ outcome }) => outcome === 'pass').length)}/${String(judged.length)}`;
}

function failures(name: string, rows: readonly Row[]): readonly string[] {
  const bad = rows.filter(({ outcome }) => outcome === 'fail');
  const lacking = [...new Set(rows.filter(({ outcome }) => outcome === 'not offered').map(({ detail }) => detail))];
  const lines = bad.map(({ client, theme, id, detail }) => `| ${client} ${theme}/${id} | ${cell(detail)} |`);
  return [
    '',
    `### ${name}`,
    '',
    `${scoreText(rows)}.${lacking.length === 0 ? '' : ` Not offered: ${lacking.join('; ')}.`}`,
    ...(lines.length === 0 ? [] : ['', '| failed | expected and found |', '|---|---|', ...lines]),
  ];
}

function placeOf({ client, theme }: Row): string {
  return `${client} ${theme}`;
}

function cell(text: string): string {
  // The text of a random model may hold any character, and ports differ from run to run.
  return text
    .replaceAll('|', String.raw`\|`)
    .replaceAll(/[^\u0020-\u007E…’–]/g, '·')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1')
    .replaceAll('<', '&lt;');
}
