import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { chartsOf } from './charts.ts';
import { escaped, table } from './markup.ts';
import { familyOf, silentHosts, type ReportedEvent, type RunReport } from './run-report.ts';
import { STYLE } from './style.ts';

/** Most rows of the timeline; events.jsonl has all. */
const MOST_EVENTS = 1000;
/** Most characters of a diff; the file has all. */
const MOST_DIFF = 200_000;

/** A part of the page. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: string;
}

/** The run as one page of HTML, with nothing from outside: summary, failures, checks by family, steps, diffs, timeline. */
export function htmlReport(report: RunReport): string {
  const { record } = report;
  const title = `hxllm ${record.phase}: ${record.ending}`;
  const sections = [
    problemSection(report),
    checkSection('failures', 'Failed checks and warnings', record.results.filter(isBad)),
    familySection(record.results),
    chartSection(report),
    stepSection(report),
    diffSection(report),
    timelineSection(report),
  ].filter((section) => section !== undefined);
  const links = sections.map(({ id, title: name }) => `<li><a href="#${id}">${escaped(name)}</a></li>`).join('');
  const parts = sections.map(
    ({ id, title: name, body }) =>
      `<section aria-labelledby="${id}">\n<h2 id="${id}">${escaped(name)}</h2>\n${body}</section>\n`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>hxllm ${escaped(record.phase)}: <span class="${toneOfEnding(record.ending)}">${escaped(record.ending)}</span></h1>
${summary(report)}</header>
<nav aria-label="Parts of the report"><ul>${links}</ul></nav>
<main>
${parts.join('')}</main>
</body>
</html>
`;
}

function summary({ record }: RunReport): string {
  const rows: readonly (readonly [string, string])[] = [
    ['run', record.run],
    ['hosts', record.hosts.join(', ') || 'none'],
    ['by', record.by],
    ['command', record.command.join(' ')],
    ['started', record.startedAt],
    ['duration', `${(record.durationMs / 1000).toFixed(1)} s`],
    ['exit code', String(record.exitCode)],
    ['changes', String(record.changes)],
    ['hxllm', record.version],
    ...record.inputs.map(({ path, sha256 }) => ['file', `${path} (SHA-256 ${sha256})`] as const),
  ];
  const counts = (['pass', 'fail', 'unknown', 'skip', 'not-applicable'] as const)
    .map((outcome) => [outcome, record.results.filter((each) => each.outcome === outcome).length] as const)
    .filter(([, count]) => count > 0)
    .map(([outcome, count]) => `<li><b class="${TONES[outcome]}">${String(count)}</b>${WORDS[outcome]}</li>`);
  return `${counts.length === 0 ? '' : `<ul class="counts">${counts.join('')}</ul>\n`}<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`).join('')}</dl>\n`;
}

const WORDS: Readonly<Record<CheckResult['outcome'], string>> = {
  pass: 'passed',
  fail: 'failed',
  unknown: 'unknown',
  skip: 'skipped',
  'not-applicable': 'not applicable',
};

const TONES: Readonly<Record<CheckResult['outcome'], string>> = {
  pass: 'good',
  fail: 'bad',
  unknown: 'bad',
  skip: 'dim',
  'not-applicable': 'dim',
};

function toneOfEnding(ending: string): string {
  return ending === 'passed' ? 'good' : ending === 'pending' || ending === 'declined' ? 'note' : 'bad';
}

function isBad(result: CheckResult): boolean {
  return result.outcome === 'fail' || result.outcome === 'unknown';
}

function problemSection(report: RunReport): Section | undefined {
  const rows = [
    ...report.record.problems.map(({ summary: text, detail, fix, where }) => [
      escaped(where?.host ?? where?.file ?? '–'),
      `<b class="bad">${escaped(text)}</b>${fields([
        ['', detail],
        ['fix', fix],
      ])}`,
    ]),
    ...silentHosts(report).map(({ host, why }) => [
      escaped(host),
      `<b class="bad">no result</b>${fields([['', why]])}`,
    ]),
  ];
  return rows.length === 0
    ? undefined
    : { id: 'problems', title: 'Problems', body: table(['place', 'problem'], rows, 'places') };
}

function checkSection(id: string, title: string, results: readonly CheckResult[]): Section | undefined {
  return results.length === 0 ? undefined : { id, title, body: checkTable(results) };
}

function familySection(results: readonly CheckResult[]): Section | undefined {
  if (results.length === 0) return undefined;
  const families = [...Map.groupBy(results, familyOf)].map(
    ([family, own]) =>
      `<h3>${escaped(family)} <span class="dim">(${String(own.filter(({ outcome }) => outcome === 'pass').length)} of ${String(own.length)} passed)</span></h3>\n${checkTable(own)}`,
  );
  return { id: 'checks', title: 'Checks by family', body: families.join('') };
}

function chartSection({ measurements }: RunReport): Section | undefined {
  const body = chartsOf(measurements);
  return body === '' ? undefined : { id: 'measurements', title: 'Measurements', body };
}

function checkTable(results: readonly CheckResult[]): string {
  const rows = results.map((result) => {
    const isLesser = isBad(result) && !failsPhase(result);
    const word = isLesser ? result.severity : WORDS[result.outcome];
    const { wanted, fix } = result;
    const more: readonly (readonly [string, string])[] = [
      ...(wanted === undefined ? [] : [['expected', wanted] as const]),
      ['found', result.seen],
      ...(fix === undefined ? [] : [['fix', fix] as const]),
    ];
    return [
      `<span class="word ${isLesser ? 'warn' : TONES[result.outcome]}">${escaped(word)}</span>`,
      escaped(result.host),
      `${escaped(result.title)} <span class="dim">${escaped(result.id)}</span>${fields(more)}`,
    ];
  });
  return table(['outcome', 'host', 'check'], rows, 'columns');
}

function stepSection({ steps }: RunReport): Section | undefined {
  if (steps.length === 0) return undefined;
  const rows = steps.map(({ host, title, state, detail, durationMs }) => {
    const tone = state === 'done' ? 'good' : state === 'planned' ? 'note' : 'bad';
    const time = durationMs === undefined ? '' : ` <span class="dim">${(durationMs / 1000).toFixed(1)} s</span>`;
    return [
      `<span class="word ${tone}">${state}</span>`,
      escaped(host),
      `${escaped(title)}${time}${fields([['', detail ?? '']])}`,
    ];
  });
  return { id: 'steps', title: 'Steps', body: table(['state', 'host', 'step'], rows, 'columns') };
}

function diffSection({ diffs }: RunReport): Section | undefined {
  if (diffs.length === 0) return undefined;
  const parts = diffs.map(({ path, text }) => {
    const lines = text
      .slice(0, MOST_DIFF)
      .split('\n')
      .map((line) => {
        const tone = line.startsWith('+') ? 'good' : line.startsWith('-') ? 'bad' : line.startsWith('@@') ? 'note' : '';
        return tone === '' ? escaped(line) : `<span class="${tone}">${escaped(line)}</span>`;
      });
    return `<h3>${escaped(path)}</h3>\n<pre>${lines.join('\n')}</pre>\n`;
  });
  return { id: 'diffs', title: 'Changed files', body: parts.join('') };
}

function timelineSection({ events, record }: RunReport): Section | undefined {
  if (events.length === 0) return undefined;
  const start = Date.parse(record.startedAt);
  const rows = events.slice(0, MOST_EVENTS).map((event) => {
    const seconds = ((Date.parse(event.at) - start) / 1000).toFixed(1);
    const [host, text] = eventText(event);
    return [`${seconds} s`, escaped(host), escaped(text)];
  });
  const more = events.length - rows.length;
  const note = more > 0 ? `<p>${String(more)} more events are in events.jsonl.</p>\n` : '';
  return { id: 'timeline', title: 'Timeline', body: table(['time', 'host', 'event'], rows, 'columns') + note };
}

function eventText(event: ReportedEvent): readonly [string, string] {
  switch (event.kind) {
    case 'check':
      return [event.result.host, `${WORDS[event.result.outcome]}: ${event.result.title}`];
    case 'step':
      return [event.host, `${event.state}: ${event.title}`];
    case 'problem':
      return [event.problem.where?.host ?? '–', `problem: ${event.problem.summary}`];
    case 'progress':
    case 'note':
      return [event.host ?? '–', event.text];
    case 'record':
    case 'recorded':
      return [event.host, 'the record of the host'];
    default:
      // `opened` and `closed` are lines of the file alone.
      return ['–', `the run is ${(event as { readonly kind: string }).kind}`];
  }
}

/** Named values below a cell's first line; a fix is a command. */
function fields(rows: readonly (readonly [string, string])[]): string {
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => {
      const text = name === 'fix' ? `<code>${escaped(value)}</code>` : escaped(value);
      return `<span class="fields">${name === '' ? '' : `${name} `}${text.replaceAll('\n', '<br>')}</span>`;
    })
    .join('');
}
