import { deploymentFormat, parseDeployment } from '../../core/deployment-record.ts';
import { decodeBase64, SAY } from '../base64.ts';
import type { Question } from '../question.ts';
import type { KeptDeployment, Notes, RunningInstance } from './installation.ts';
import { parseNotes } from './notes.ts';

/** Part of a script: a line for each deployment below `$install`. */
export const DEPLOYMENTS = `
for folder in "$install"/deployments/*; do
  number=\${folder##*/}
  case $number in ''|*[!0-9]*|0*|??????????*) continue;; esac
  [ -d "$folder" ] && [ ! -L "$folder" ] || continue
  healthy=no; [ ! -f "$folder/healthy" ] || healthy=yes
  say deployment "$number" $healthy "$(readlink -- "$folder/gateway")" "$([ ! -f "$folder/deployment.json" ] || cat < "$folder/deployment.json")"
done
`;

/** Part of a script: the function `instances FOLDER` prints a line for each process of the runtime in that folder. */
export const INSTANCES = `
instances() {
  local each
  # No program is started for a process that is not hxllm's: there may be thousands.
  for each in /proc/[0-9]*; do
    [ "$each/exe" -ef "$1/bin/node" ] || continue
    say instance "\${each#/proc/}" "\${1##*/}" "$(tr '\\0' '\\n' < "$each/cmdline" 2>/dev/null | grep -a -m 1 '/gateway[.]mjs$')"
  done
}
`;

/** Reads the values of a line `deployment`. */
export function readDeployment([
  number = '',
  healthy = '',
  release = '',
  text = '',
]: readonly string[]): KeptDeployment {
  return {
    number: Number(number),
    healthy: healthy === 'yes',
    release: /^\.\.\/\.\.\/releases\/([^/]+)\/gateway$/.exec(release)?.[1],
    record: parseDeployment(text),
    format: deploymentFormat(text),
  };
}

/** Reads the values of a line `instance`. */
export function readInstance([pid = '', runtime = '', program = '']: readonly string[]): RunningInstance {
  const [, number] = /\/deployments\/([1-9]\d{0,8})\/gateway\.mjs$/.exec(program) ?? [];
  return { pid: Number(pid), runtime, deployment: number === undefined ? undefined : Number(number) };
}

/** The deployments of a host, and which of them runs. */
export interface Deployments {
  readonly deployments: readonly KeptDeployment[];
  readonly instances: readonly RunningInstance[];
  /** `undefined`: hxllm has installed nothing there. */
  readonly notes: Notes | undefined;
}

const SCRIPT = `
${SAY}${INSTANCES}
install=$1
[ -f "$install/.hxllm" ] && say marker "$(tr -d '\\0' < "$install/.hxllm")"
${DEPLOYMENTS}
for folder in "$install"/runtimes/*; do instances "$folder"; done
exit 0
`;

/** Lists the deployments that a host keeps. */
export function deploymentsQuestion(installDir: string): Question<Deployments> {
  return {
    script: SCRIPT,
    arguments: [installDir],
    as: 'root',
    timeoutS: 30,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that lists deployments exited with ${String(exitCode)}`);
      const lines = stdout.split('\n').map((line) => line.trim().split(' '));
      const all = (kind: string): readonly (readonly string[])[] =>
        lines.filter(([word]) => word === kind).map(([, ...values]) => values.map(decodeBase64));
      const [marker] = all('marker');
      return {
        deployments: all('deployment')
          .map(readDeployment)
          .toSorted((a, b) => a.number - b.number),
        instances: all('instance').map(readInstance),
        notes: marker === undefined ? undefined : parseNotes(marker[0] ?? ''),
      };
    },
  };
}

const FILES = `
${SAY}
cd -- "$1/files" || exit 0
for name in *; do
  # A dot at the end keeps line feeds, which the shell would drop.
  [ ! -f "$name" ] || say file "$name" "$(tr -d '\\0' < "$name"; printf .)"
done
exit 0
`;

/** The texts of the files of a deployment, by name. */
export function deploymentFilesQuestion(folder: string): Question<ReadonlyMap<string, string>> {
  return {
    script: FILES,
    arguments: [folder],
    as: 'root',
    timeoutS: 30,
    parse: ({ stdout }) =>
      new Map(
        stdout
          .split('\n')
          .map((line) => line.trim().split(' '))
          .filter(([word]) => word === 'file')
          .map(([, name = '', text = '']) => [decodeBase64(name), decodeBase64(text).slice(0, -1)]),
      ),
  };
}
