import type { FleetLoad, FleetModel, FleetServer } from '../../schema/fleet-document.ts';
import type { TableLine } from './columns.ts';
import type { Paint } from './paint.ts';
import { durationText } from '../../core/duration-text.ts';
import { groupedText } from './quantity.ts';

const REASONS: Readonly<Record<NonNullable<FleetLoad['reason']>, string>> = {
  absent: 'no server has it',
  queue: 'a copy, the queue is long',
  ahead: 'a copy, ahead of need',
  weight: 'its share by weight',
  options: 'with its own options',
  context: 'its context has grown',
};

const PHASES: Readonly<Record<FleetLoad['phase'], string>> = {
  'making-room': 'waits until a model is idle',
  held: 'waits for requests on their way',
  loading: '',
  'in-request': 'inside a client’s request',
};

/** A server in lines: its own, and one for each model in its memory or with requests; `atMs`: the time of the document. */
export function serverLines(server: FleetServer, atMs: number, paint: Paint): readonly TableLine[] {
  const shown = server.models.filter(isShown);
  return [
    serverLine(server, details(server, atMs, restOf(server, shown)), paint),
    ...shown.map((model) => modelLine(model, server.load, paint)),
    ...server.other_models.map((name) => ({
      cells: [`  ${name}`, '', 'in memory', 'used by no alias'],
      styles: [paint.dim, undefined, paint.dim, paint.dim],
    })),
  ];
}

/** A server in one line. */
export function shortServerLine(server: FleetServer, atMs: number, paint: Paint): TableLine {
  const models = server.models.filter(isShown).map((model) => `${model.model} ${slotsText(model)}`);
  return serverLine(server, details(server, atMs, models), paint);
}

/** The name of a server: its host, with its port if that is not Ollama's. */
export function serverName(url: string): string {
  return url.replace(/^http:\/\//, '').replace(/:11434\/?$/, '');
}

function isShown({ residency, in_flight, abandoned }: FleetModel): boolean {
  return residency === 'resident' || residency === 'always' || in_flight + abandoned > 0;
}

function serverLine(
  server: FleetServer,
  parts: readonly string[],
  { good, bad, warn, accent, bold, dim }: Paint,
): TableLine {
  const { url, state, drained, load, last_seen: seen, in_flight: inFlight } = server;
  const [word, style] =
    state === 'down'
      ? ['DOWN', bad]
      : drained === true
        ? ['drained', warn]
        : state === 'doubted'
          ? ['doubted', warn]
          : load !== undefined
            ? ['loading', accent]
            : seen === undefined
              ? ['not seen', warn]
              : ['up', good];
  return {
    cells: [serverName(url), groupedText(inFlight), word, parts.join(', ')],
    styles: [bold, undefined, style, state === 'down' ? bad : load === undefined ? dim : accent],
  };
}

function details(server: FleetServer, atMs: number, rest: readonly string[]): readonly string[] {
  const { state, load, slow_factor: slow, room } = server;
  if (state === 'down') return downDetails(server, atMs);
  return [
    ...(load === undefined ? [] : [loadText(load)]),
    ...(state === 'doubted' ? ['a probe decides'] : []),
    ...(slow === undefined || (slow > 0.8 && slow < 1.25)
      ? []
      : [slow > 1 ? `${slow.toFixed(1)} x slower` : `${(1 / slow).toFixed(1)} x faster`]),
    ...(room.stated === undefined && room.believed === undefined
      ? []
      : [`room for ${String(room.stated ?? room.believed)}`]),
    ...rest,
  ];
}

function downDetails(
  { down_since: since, next_probe_ms: probe, last_seen: seen }: FleetServer,
  atMs: number,
): readonly string[] {
  return [
    ...(since === undefined ? [] : [`for ${durationText(atMs - Date.parse(since))}`]),
    ...(probe === undefined ? [] : [`next probe in ${durationText(probe)}`]),
    seen === undefined ? 'never answered' : `last seen ${durationText(atMs - Date.parse(seen))} ago`,
  ];
}

function loadText({ model, phase, reason, since_ms: since, expected_ms: expected, victims }: FleetLoad): string {
  const time = `${durationText(since)}${expected === undefined ? '' : ` of ${durationText(expected)}`}`;
  const why = [reason === undefined ? '' : REASONS[reason], PHASES[phase]].filter((text) => text !== '').join(', ');
  return `${model} for ${time}${why === '' ? '' : `: ${why}`}${victims.length === 0 ? '' : `, replaces ${victims.join(', ')}`}`;
}

function restOf({ models, models_left_out: leftOut }: FleetServer, shown: readonly FleetModel[]): readonly string[] {
  const unknown = models.filter((model) => !shown.includes(model) && model.residency === 'unknown').length;
  const absent = models.length - shown.length - unknown + leftOut;
  return [
    ...(absent === 0 ? [] : [`${groupedText(absent)} not in memory`]),
    ...(unknown === 0 ? [] : [`${groupedText(unknown)} unknown`]),
  ];
}

function modelLine(model: FleetModel, load: FleetLoad | undefined, { dim, warn }: Paint): TableLine {
  const { in_flight: inFlight, residency, context, grown_from: from, rates, slots } = model;
  const { stated, believed, trying } = slots;
  const leaves = load?.victims.includes(model.model) === true;
  const parts = [
    ...(stated === undefined || stated === believed ? [] : [`${String(stated)} slots stated`]),
    ...(trying ? ['trying one slot more'] : []),
    ...(model.abandoned === 0 ? [] : [`${String(model.abandoned)} abandoned`]),
    ...(model.idle_ms === undefined || inFlight > 0 ? [] : [`idle ${durationText(model.idle_ms)}`]),
    ...(model.paused_ms === undefined ? [] : [`pauses for ${durationText(model.paused_ms)}`]),
    ...(context === undefined ? [] : [`context ${groupedText(context)}${from === undefined ? '' : ' (grown)'}`]),
    ...(rates.decode === undefined ? [] : [`${groupedText(rates.decode)} tok/s`]),
    ...(rates.prefill === undefined ? [] : [`reads ${groupedText(rates.prefill)} tok/s`]),
  ];
  const word = leaves ? 'leaves' : RESIDENCIES[residency];
  return {
    cells: [`  ${model.model}`, slotsText(model), word, parts.join(', ')],
    styles: [undefined, undefined, leaves ? warn : dim, dim],
  };
}

const RESIDENCIES: Readonly<Record<FleetModel['residency'], string>> = {
  resident: 'in memory',
  absent: 'not loaded',
  unknown: 'unknown',
  always: 'by itself',
};

function slotsText({ in_flight: inFlight, abandoned, slots: { believed } }: FleetModel): string {
  const taken = groupedText(inFlight + abandoned);
  return believed === undefined ? taken : `${taken}/${groupedText(believed)}`;
}
