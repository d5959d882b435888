import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { ROUTING_STRATEGIES } from '../../core/routing-strategy.ts';
import { EVENTS, hasShape, isRecord, POLICY, SPEC, STEP } from './trace-shape.ts';
import { parseTraceLine, TRACE_VERSION, type TracedStep, type TraceHeader } from './trace.ts';

/** A trace that was read. */
export interface Trace {
  readonly header: TraceHeader;
  readonly steps: readonly TracedStep[];
  /** The reason in its last line; `undefined`: it was cut off, since the gateway was killed or still writes. */
  readonly end: string | undefined;
}

const FIX = 'HXLLM_ROUTE_TRACE=FILE hxllm gateway --config config.yaml # records a new trace';

/** Reads a trace; a Problem names the line. A last line that is not whole is left out. */
export function readTrace(text: string, file: string): Result<Trace> {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const documents: unknown[] = [];
  for (const [index, line] of lines.entries()) {
    const document = parsed(line);
    if (document === undefined)
      return broken(file, index + 1, 'Expected a line of JSON', line === '' ? 'an empty line' : shown(line));
    documents.push(document);
  }
  // Without the end of the line it may be a part that happens to be JSON.
  if (documents.length === 0)
    return broken(file, 1, 'Expected a trace of hxllm', text === '' ? 'an empty file' : shown(last));
  const [header, ...rest] = documents;
  if (!isHeader(header)) return foreign(file, header);
  const steps: TracedStep[] = [];
  let end: string | undefined;
  for (const [index, document] of rest.entries()) {
    const line = index + 2;
    if (end !== undefined) return broken(file, line, 'Expected nothing behind the end of the trace', shown(document));
    end = endOf(document);
    if (end !== undefined) continue;
    if (!isStep(document)) return broken(file, line, 'Expected an event of routing', shown(document));
    const before = steps.at(-1)?.t ?? -Infinity;
    if (document.t < before) return broken(file, line, `Expected a time from ${String(before)} on`, String(document.t));
    steps.push(document);
  }
  return ok({ header, steps, end });
}

function parsed(line: string): unknown {
  try {
    return parseTraceLine(line);
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is TraceHeader {
  if (!isRecord(value) || value['trace'] !== 'hxllm.route' || value['version'] !== TRACE_VERSION) return false;
  return hasShape(value['policy'], POLICY) && isStrategy(value['policy']) && hasShape(value['spec'], SPEC);
}

function isStep(value: unknown): value is TracedStep {
  if (!isRecord(value) || !hasShape(value, STEP)) return false;
  const { event } = value;
  const shape = isRecord(event) ? EVENTS.get(event['kind']) : undefined;
  if (!isRecord(event) || shape === undefined || !hasShape(event, shape)) return false;
  return event['kind'] !== 'reconfigured' || isStrategy(event['policy']);
}

// A policy without a name is the one of the weights.
function isStrategy(policy: unknown): boolean {
  const name = isRecord(policy) ? policy['strategy'] : undefined;
  return name === undefined || ROUTING_STRATEGIES.some((known) => known === name);
}

function endOf(value: unknown): string | undefined {
  return isRecord(value) && typeof value['end'] === 'string' ? value['end'] : undefined;
}

function foreign(file: string, found: unknown): Result<never> {
  const version = isRecord(found) && found['trace'] === 'hxllm.route' ? found['version'] : undefined;
  if (version === undefined) return broken(file, 1, 'Expected a trace of hxllm', shown(found));
  if (version === TRACE_VERSION) return broken(file, 1, 'Expected a policy and a fleet', shown(found));
  return fail({
    code: 'config.trace-version',
    summary: 'this hxllm cannot read the trace',
    detail: `Expected version ${String(TRACE_VERSION)}, found ${shown(version)}.`,
    fix: 'hxllm --version # replay with the release that recorded the trace',
    where: { file, line: 1 },
  });
}

function broken(
  file: string,
  line: number,
  expected: string,
  found: string,
): { readonly ok: false; readonly problems: readonly [Problem] } {
  return {
    ok: false,
    problems: [
      {
        code: 'config.trace-damaged',
        summary: 'the trace cannot be read',
        detail: `${expected}, found ${found}.`,
        fix: FIX,
        where: { file, line },
      },
    ],
  };
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
