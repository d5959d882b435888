import type { Problem } from '../../core/problem.ts';
import type { FleetAlias, FleetCaller, FleetDocument, FleetServer } from '../../schema/fleet-document.ts';
import { tableLines, type TableLine } from './columns.ts';
import { serverLines, serverName, shortServerLine } from './fleet-servers.ts';
import { flow, oneLine } from './flow.ts';
import type { Paint } from './paint.ts';
import { durationText } from '../../core/duration-text.ts';
import { groupedText, rateText } from './quantity.ts';

/** The place for a picture of a fleet, and what is known beside its document. */
export interface FleetPlace {
  /** The gateway: its host or URL. */
  readonly name: string;
  readonly columns: number;
  /** `Infinity` without a limit. */
  readonly rows: number;
  readonly paint: Paint;
  /** The document is old, since the gateway does not answer any more. */
  readonly problem?: Problem | undefined;
}

/** With fewer lines a picture has no room for anything: it is longer than the terminal then. */
const LEAST_ROWS = 8;
/** The part of the lines that queues may have while servers need them. */
const QUEUE_PART = 0.4;

/** A picture of a fleet in lines, at most as wide and as high as its place. Servers and queues without a line are counted. */
export function fleetLines(document: FleetDocument, place: FleetPlace): readonly string[] {
  const { columns, paint, rows } = place;
  const head = headLines(document, place);
  const left = Math.max(LEAST_ROWS, rows) - head.length - 4;
  const queues = document.aliases.filter(
    ({ waiting, requests_per_s: rate }) => waiting > 0 || rateText(rate) !== undefined,
  );
  const most = Math.max(1, Math.floor(left * QUEUE_PART), left - document.servers.length);
  const queueLines = cutLines(
    queues.map((alias) => queueLine(alias, paint)),
    Math.min(most, Math.max(1, left - 1)),
    (hidden) => hiddenQueues(queues.slice(-hidden), document.aliases_left_out),
    document.aliases_left_out,
  );
  const servers = fittingServers(document, left - Math.max(1, queueLines.length), paint);
  return [
    ...head,
    '',
    ...tableLines([titles(['SERVER', 'USED', 'STATE', 'DETAILS'], paint), ...servers], columns),
    '',
    ...(queues.length === 0
      ? [paint.dim('no requests lately')]
      : tableLines([titles(['QUEUE', 'WAIT', 'OLDEST', 'RATE', 'DETAILS'], paint), ...queueLines], columns)),
  ];
}

function titles(cells: readonly string[], { dim }: Paint): TableLine {
  return { cells, styles: cells.map(() => dim) };
}

function headLines(document: FleetDocument, { name, columns, paint, problem }: FleetPlace): readonly string[] {
  const { at, strategy, servers, servers_left_out: leftOut, in_flight: inFlight, waiting } = document;
  const down = servers.filter(({ state }) => state === 'down').length;
  const loads = servers.filter(({ load }) => load !== undefined).length;
  const sum = [
    `${groupedText(servers.length + leftOut)} server${servers.length + leftOut === 1 ? '' : 's'}${down === 0 ? '' : `, ${groupedText(down)} DOWN`}`,
    `${groupedText(inFlight)} in flight`,
    `${groupedText(waiting)} waiting`,
    ...(loads === 0 ? [] : [`${groupedText(loads)} load${loads === 1 ? '' : 's'}`]),
  ].join(', ');
  const first = oneLine(`${name}  ${at.slice(11, 19)} UTC  strategy ${strategy}`, columns);
  return [
    paint.bold(first),
    (down > 0 ? paint.bad : waiting > 0 ? paint.warn : paint.good)(oneLine(sum, columns)),
    ...(problem === undefined
      ? []
      : flow([{ text: `${problem.summary}: ${problem.detail}`, paint: paint.bad }], { indent: 0, hang: 0, columns })
          .trimEnd()
          .split('\n')
          .slice(0, 3)),
  ];
}

// All models where they fit, else a line for each server; of too many servers those that want to be seen.
function fittingServers(document: FleetDocument, rows: number, paint: Paint): readonly TableLine[] {
  const { servers, servers_left_out: leftOut } = document;
  const atMs = Date.parse(document.at);
  const whole = servers.flatMap((server) => serverLines(server, atMs, paint));
  if (whole.length + (leftOut > 0 ? 1 : 0) <= rows) return [...whole, ...restLine([], leftOut)];
  const short = (shown: readonly FleetServer[]): readonly TableLine[] =>
    shown.map((server) => shortServerLine(server, atMs, paint));
  if (servers.length + (leftOut > 0 ? 1 : 0) <= rows) return [...short(servers), ...restLine([], leftOut)];
  const most = Math.max(1, rows - 1);
  const ranked = rankedServers(servers, most);
  return [...short(ranked.slice(0, most)), ...restLine(ranked.slice(most), leftOut)];
}

// Servers that are down have half of the lines, so that they do not hide the work.
function rankedServers(servers: readonly FleetServer[], most: number): readonly FleetServer[] {
  const down = servers.filter(({ state }) => state !== 'up');
  const shown = new Set(down.slice(0, Math.ceil(most / 2)));
  const busy = servers.filter((server) => !shown.has(server)).toSorted((a, b) => interestOf(b) - interestOf(a));
  return [...shown, ...busy];
}

function interestOf({ state, load, in_flight: inFlight }: FleetServer): number {
  return (load === undefined ? 0 : 1e6) + Math.min(inFlight, 9e5) + (state === 'up' ? 0 : 0.5);
}

function restLine(hidden: readonly FleetServer[], leftOut: number): readonly TableLine[] {
  const count = hidden.length + leftOut;
  if (count === 0) return [];
  const down = hidden.filter(({ state }) => state !== 'up').length;
  const busy = hidden.reduce((sum, { in_flight: inFlight }) => sum + inFlight, 0);
  return [
    {
      cells: [
        `+ ${groupedText(count)} more`,
        groupedText(busy),
        down === 0 ? 'up' : `${groupedText(down)} down`,
        'left out for want of lines; all: hxllm fleet --json',
      ],
    },
  ];
}

function cutLines(
  lines: readonly TableLine[],
  most: number,
  rest: (hidden: number) => TableLine,
  leftOut: number,
): readonly TableLine[] {
  if (lines.length <= most && leftOut === 0) return lines;
  const shown = lines.slice(0, Math.max(0, most - 1));
  return [...shown, rest(lines.length - shown.length)];
}

function hiddenQueues(hidden: readonly FleetAlias[], leftOut: number): TableLine {
  const waiting = hidden.reduce((sum, { waiting: own }) => sum + own, 0);
  return { cells: [`+ ${groupedText(hidden.length + leftOut)} more`, groupedText(waiting), '', '', ''] };
}

function queueLine(alias: FleetAlias, { warn, dim, bold }: Paint): TableLine {
  const { waiting, oldest_ms: oldest, late, batch, retries, waits_for_load: waitsForLoad } = alias;
  const parts = [
    ...(late === 0 ? [] : [`${groupedText(late)} late`]),
    ...(batch === 0 ? [] : [`${groupedText(batch)} batch`]),
    ...(retries === 0 ? [] : [`${groupedText(retries)} repeated`]),
    ...(waitsForLoad ? ['waits for a load'] : []),
    ...callersText(alias),
  ];
  return {
    cells: [
      aliasText(alias.alias),
      groupedText(waiting),
      oldest === undefined ? '' : durationText(oldest),
      rateText(alias.requests_per_s) ?? '',
      parts.join(', '),
    ],
    styles: [bold, waiting > 0 ? warn : dim, undefined, dim, dim],
  };
}

// A request for one server waits as ALIAS on URL.
function aliasText(alias: string): string {
  const at = alias.lastIndexOf(' on http');
  return at === -1 ? alias : `${alias.slice(0, at)} on ${serverName(alias.slice(at + 4))}`;
}

function callersText({ callers, callers_left_out: leftOut }: FleetAlias): readonly string[] {
  if (
    callers.length === 0 ||
    (callers.length === 1 && callers[0]?.user === undefined && callers[0]?.newcomers !== true)
  )
    return [];
  const shown = callers.map((caller) => `${callerName(caller)} ${groupedText(caller.people + caller.batch)}`);
  return [`by ${shown.join(', ')}${leftOut === 0 ? '' : `, ${groupedText(leftOut)} callers more`}`];
}

function callerName({ key, user, newcomers }: FleetCaller): string {
  return newcomers === true ? 'new names' : (user ?? key);
}
