import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keptRuns } from '../../evidence/archive/kept-runs.ts';
import { MEASUREMENTS, readMeasurements } from '../../phases/smoke/measurements.ts';
import type { SmokeTarget } from '../../phases/smoke/target.ts';
import { evidenceRoot, type Session } from '../run/session.ts';

/** Older runs say little about now. */
const MOST_RUNS = 20;

/** The times of a target in the newest run of smoke that measured it. Runs that cannot be read are left out. */
export function previousOf(session: Session, name: string): Pick<SmokeTarget, 'previous'> {
  const root = evidenceRoot(session);
  const runs = keptRuns(root).filter(({ phase, record }) => phase === 'smoke' && record !== undefined);
  for (const { place } of runs.toReversed().slice(0, MOST_RUNS)) {
    const previous = readMeasurements(textOf(join(root, place, MEASUREMENTS)), place, name);
    if (previous !== undefined) return { previous };
  }
  return {};
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
