import { decodeBase64 } from '../base64.ts';
import type { Question } from '../question.ts';
import { breakingSettings, type Break } from './breaks.ts';
import type { ExpectedUnits } from './rule.ts';
import type { UnitName } from './rules.ts';
import { DROP_IN_SCRIPT } from './script.ts';
import { parseUnitText } from './unit-text.ts';

/** A drop-in that changes one of hxllm's units. It is the operator's: no run changes or removes it. */
export interface DropIn {
  /** Those of litellm.service apply to its instances, and so do those of litellm@.service. */
  readonly unit: Exclude<UnitName, 'litellm@.service'>;
  readonly path: string;
  /** The names of its settings, each once; never their values, which may be secrets. */
  readonly settings: readonly string[];
  /** The settings with which the gateway cannot work, each with the reason. */
  readonly breaks: readonly Break[];
}

/** A drop-in as the host has it. Earlier files take precedence over later ones of the same name. */
interface DropInFile {
  readonly unit: string;
  readonly path: string;
  readonly text: string;
}

/**
 * Lists the drop-ins of litellm.service and litellm.socket that are in effect, in the order in which systemd applies them:
 * those of the unit in every folder of its search path, and those of all services or sockets (`service.d/`).
 */
export function dropInsQuestion(units: ExpectedUnits): Question<readonly DropIn[]> {
  return {
    script: DROP_IN_SCRIPT,
    arguments: [units.serviceUnit, units.socketUnit, units.instanceUnit],
    as: 'root',
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that lists drop-ins exited with ${String(exitCode)}`);
      return parseDropIns(stdout, units);
    },
  };
}

function parseDropIns(stdout: string, expected: ExpectedUnits): readonly DropIn[] {
  const files: DropInFile[] = [];
  const merged = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [kind, ...encoded] = line.trim().split(' ');
    const [first = '', second = '', third = ''] = encoded.map(decodeBase64);
    if (kind === 'dropin') files.push({ unit: first, path: second, text: third });
    if (kind === 'merged') merged.set(first, second);
  }
  return (['litellm.service', 'litellm.socket'] as const).flatMap((unit) => {
    const inEffect = effectiveOf(files.filter((file) => file.unit === unit)).map(({ path, text }) => ({
      path,
      assignments: parseUnitText(text),
    }));
    const judged = unit === 'litellm.service' ? 'drop-ins of litellm.service' : unit;
    const breaks = breakingSettings(judged, inEffect, expected, merged.get(unit));
    return inEffect.map(({ path, assignments }) => ({
      unit,
      path,
      settings: [...new Set(assignments.map(({ key }) => key))],
      breaks: breaks.get(path) ?? [],
    }));
  });
}

// systemd.unit(5): of files with the same name the first one counts, and all are applied in the order of their names.
function effectiveOf(files: readonly DropInFile[]): readonly DropInFile[] {
  const byName = new Map<string, DropInFile>();
  for (const file of files) {
    const name = file.path.slice(file.path.lastIndexOf('/') + 1);
    if (!byName.has(name)) byName.set(name, file);
  }
  // An empty file, or a link to /dev/null, only hides others.
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, file]) => (file.text.trim() === '' ? [] : [file]));
}
