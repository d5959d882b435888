import { failed, notApplicable, pass, type Verdict } from '../../core/verdict.ts';
import type { Question } from '../../facts/question.ts';
import { EXPOSURE_LINES, judgeExposure } from './exposure.ts';
import { contentText, type DesiredFile } from '../../render/content.ts';

const NO_TOOL = 69;

/** The line of the program, with the lines that a backslash joins to it and the comments between them; not an empty one, which resets. */
const PROGRAM = /^[ \t]*ExecStart[ \t]*=[ \t]*(?=\S)(?:.*\\\n(?:[ \t]*[#;].*\n)*)*.*$/gm;

/** The verdicts of systemd on the host about the units. */
export interface UnitVerdicts {
  readonly units: Verdict;
  readonly exposure: Verdict;
}

/** Time for systemd to judge the units three times: on a slow host each takes seconds. */
const TIMEOUT_S = 60;

/** Lets systemd on the host judge the units in a temporary folder, which is removed. `/bin/true` replaces their program, which may not be installed yet. */
export function unitsQuestion(units: readonly DesiredFile[]): Question<UnitVerdicts> {
  return {
    script: SCRIPT,
    arguments: units.flatMap((unit) => [
      unit.name,
      (contentText(unit.content) ?? '').replaceAll(PROGRAM, 'ExecStart=/bin/true'),
    ]),
    as: 'user',
    timeoutS: TIMEOUT_S,
    parse: ({ exitCode, stdout }) => ({
      units: judgeUnits(exitCode, stdout),
      exposure: exitCode === NO_TOOL ? notApplicable('the host has no systemd-analyze') : judgeExposure(stdout),
    }),
  };
}

// The arguments are names and texts in turn. The exit code is 0 also for settings that systemd does not know and ignores, so the output
// counts too.
const SCRIPT = [
  `command -v systemd-analyze > /dev/null || exit ${String(NO_TOOL)}`,
  'folder=$(mktemp -d) || exit 70',
  `trap 'rm -rf -- "$folder"' EXIT`,
  'cd "$folder" || exit 70',
  'names=(); while [ $# -gt 0 ]; do printf %s "$2" > "$1"; names+=("./$1"); shift 2; done',
  `LC_ALL=C SYSTEMD_LOG_COLOR=0 systemd-analyze verify --man=no "\${names[@]}" 2>&1 < /dev/null | sed "s|$folder/||g" | grep -E '^(\\./)?litellm[^ :]*\\.(service|socket)'`,
  'verified=${PIPESTATUS[0]}',
  ...EXPOSURE_LINES,
  'exit "$verified"',
].join('\n');

/** Judges the output of systemd-analyze. */
export function judgeUnits(exitCode: number, said: string): Verdict {
  if (exitCode === NO_TOOL) return notApplicable('the host has no systemd-analyze');
  // Start files of the login shell may write something, too.
  const lines = [...said.matchAll(/(?:\.\/)?litellm[\w@-]*\.(?:service|socket)\b.*/g)]
    .map(([line]) => line.trim())
    .join('\n');
  if (exitCode === 0 && lines === '') return pass('systemd accepts all units without warnings');
  return failed(
    'units that systemd accepts without warnings',
    lines === '' ? `systemd-analyze verify ended with ${String(exitCode)}` : lines,
    'correct the units in litellm_templates_dir',
  );
}
