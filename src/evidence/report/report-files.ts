import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, parseJson } from '../../core/json.ts';
import type { StepEvent } from '../../core/recorder.ts';
import type { RunRecord } from '../run-record.ts';
import { htmlReport } from './html.ts';
import { junitReport } from './junit.ts';
import { markdownReport } from './markdown.ts';
import type { ReportedDiff, ReportedEvent } from './run-report.ts';

/** The files that show a run to people and to CI servers, by name. `folder` has its events and documents; the record is redacted. */
export function reportFiles(folder: string, record: RunRecord): Readonly<Record<string, string>> {
  const events = eventsIn(folder);
  const steps = new Map<string, StepEvent>();
  for (const event of events)
    if (event.kind === 'step') {
      const key = `${event.host}\n${event.id}`;
      steps.set(key, { ...steps.get(key), ...event });
    }
  const report = {
    record,
    steps: [...steps.values()],
    events,
    diffs: diffsIn(join(folder, 'changes')),
    measurements: measurementsIn(folder),
  };
  return {
    'junit.xml': junitReport(report),
    'report.md': markdownReport(report),
    'report.html': htmlReport(report),
  };
}

function eventsIn(folder: string): readonly ReportedEvent[] {
  try {
    return readFileSync(join(folder, 'events.jsonl'), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const event = parseJson(line);
        // hxllm wrote it, and its schema is published.
        return isObject(event) && typeof event['kind'] === 'string' ? [event as unknown as ReportedEvent] : [];
      });
  } catch {
    return [];
  }
}

function measurementsIn(folder: string): unknown {
  try {
    return parseJson(readFileSync(join(folder, 'measurements.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

function diffsIn(folder: string): readonly ReportedDiff[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.diff'))
    .toSorted()
    .map((path) => ({ path: path.replace(/\.diff$/, ''), text: readFileSync(join(folder, path), 'utf8') }));
}
