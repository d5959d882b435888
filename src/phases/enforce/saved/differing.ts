import type { Fact } from '../../../plan/basis.ts';
import { NAMES } from '../../../plan/reads.ts';
import type { Actual } from '../../../plan/actual.ts';
import type { Desired } from '../../../render/desired.ts';

/** The places of facts that differ, with the value now. A place that only one side has read follows from another difference. */
export function differing(
  saved: readonly Fact[],
  now: readonly Fact[],
): readonly { readonly was: Fact; readonly is: Fact }[] {
  const before = new Map(saved.map((fact) => [JSON.stringify(fact.path), fact]));
  return now.flatMap((is) => {
    const was = before.get(JSON.stringify(is.path));
    return was === undefined || was.hash === is.hash ? [] : [{ was, is }];
  });
}

type Difference = ReturnType<typeof differing>[number];

/** The changes of a host's state since the plan was made, one sentence for each thing, with the time where the host tells it. */
export function changedFacts(
  differences: readonly Difference[],
  { actual, desired }: { readonly actual: Actual; readonly desired: Desired },
  planAgeS: number,
): readonly string[] {
  const bySubject = new Map<string, Difference[]>();
  for (const difference of differences) {
    const subject = subjectOf(difference.is.path, actual, desired);
    bySubject.set(subject, [...(bySubject.get(subject) ?? []), difference]);
  }
  const subjects = [...bySubject.keys()];
  // The names in a folder follow from the things in it, and the marker notes what is also seen by itself.
  const follows = (subject: string, of: readonly Difference[]): boolean =>
    of.every(({ is }) => is.path.includes('ours') || is.path.includes('names')) &&
    subjects.some((other) => other.startsWith(`${subject}/`));
  const told = [...bySubject]
    .filter(([subject, of]) => !follows(subject, of))
    .map(([subject, of]) => sentence(subject, of, actual, planAgeS));
  const others = told.filter(({ subject }) => subject !== desired.paths.marker);
  return (others.length === 0 ? told : others).map(({ text }) => text);
}

/** A path, a unit, or the words of a place. */
function subjectOf(path: readonly string[], { installation }: Actual, { paths, release }: Desired): string {
  const [room = '', part = '', name = ''] = path;
  const inPath = path.find((each) => each.startsWith('/'));
  if (inPath !== undefined) return inPath.replace(/\?$/, '');
  if (room === 'installation')
    switch (part) {
      case 'service':
      case 'socket':
        return `litellm.${part}`;
      case 'current':
        return paths.current;
      case 'notes':
        return paths.marker;
      case 'releases':
        return name === NAMES ? paths.releases : `${paths.releases}/${name.replace(/\?$/, '')}`;
      case 'runtimes':
        return installation.runtimes.length === 0 ? release.runtimeFolder : paths.runtimes;
      case 'user':
        return 'the user of the service';
      case 'groupExists':
        return 'the group of the service';
      case 'instanceUnits':
      case 'inUse':
        return 'the instances of the gateway';
      case 'daemon':
        return 'the process of the gateway';
      default:
        return `${part} ${name}`.trim();
    }
  if (room === 'foreign') return 'the installation that is not hxllm’s';
  if (room === 'dropIns') return 'the drop-ins of the units';
  if (part === 'unit') return 'the unit file of the deployment';
  if (part === 'markers') return 'the notes of deployments';
  if (part === 'folders') return 'the folders of deployments';
  if (part === 'users' || part === 'groups')
    return name === NAMES ? `the ${part} of deployments` : `the ${part.slice(0, -1)} ${name.replace(/\?$/, '')}`;
  return path.filter((each) => each !== NAMES).join(' ');
}

interface Told {
  readonly subject: string;
  readonly text: string;
}

function sentence(subject: string, differences: readonly Difference[], actual: Actual, planAgeS: number): Told {
  const entry = actual.installation.entries.get(subject);
  const itself = differences.filter(({ is }) => isItself(is.path, subject));
  if (itself.some(({ was, is }) => isThere(was) && !isThere(is))) return { subject, text: `${subject} was removed` };
  const ago = (seconds: number | undefined): string => (seconds === undefined ? '' : ` ${agoText(seconds)}`);
  if (itself.some(({ was, is }) => !isThere(was) && isThere(is)))
    return { subject, text: `${subject} was created${ago(entry?.changedS)}` };
  const values = differences.flatMap(({ was, is }) => valueText(was, is) ?? []);
  const isEdited = differences.some(({ is }) => ['sha256', 'text', 'marked'].includes(is.path.at(-1) ?? ''));
  if (entry !== undefined && isEdited) {
    // A file that was moved here keeps the time at which it was written.
    const seconds = (entry.writtenS ?? Infinity) <= planAgeS ? entry.writtenS : entry.changedS;
    return { subject, text: [`${subject} was edited${ago(seconds)}`, ...values].join('; ') };
  }
  if (values.length === 0)
    return {
      subject,
      text: `${subject} ${/^the [\w-]+s\b/.test(subject) ? 'are not as they were' : 'is not as it was'}${changedText(entry?.changedS)}`,
    };
  return { subject, text: `${subject}: ${values.join('; ')}${changedText(entry?.changedS)}` };
}

/** Whether a place is that of the subject as a whole, or of the question whether it is there. */
function isItself(path: readonly string[], subject: string): boolean {
  const name = (path.at(-1) ?? '').replace(/\?$/, '');
  if (path.length === 3 && path[1] === 'runtimes') return name === 'length';
  return name === subject || (path.length === 3 && path[1] === 'releases' && subject.endsWith(`/${name}`));
}

function isThere({ value, path }: Fact): boolean {
  const name = path.at(-1) ?? '';
  return value !== null && !(name.endsWith('?') && value === false) && !(name === 'length' && value === 0);
}

/** Values that a person would not know by their name in the code. */
const NAMED: Readonly<Record<string, string>> = {
  length: 'number of entries',
  size: 'number of entries',
  needsReload: 'changed since systemd read it',
  intact: 'whole',
  marked: 'has the mark of hxllm',
  isConfigDir: 'has the configuration',
  isInstallDir: 'has the program',
  isStateDir: 'has the state',
  configDir: 'litellm_config_dir',
  installDir: 'litellm_install_dir',
  inUse: 'the one that a restart starts',
};

function changedText(seconds: number | undefined): string {
  return seconds === undefined ? '' : ` (changed ${agoText(seconds)})`;
}

/** Expected and found, where both are kept. */
function valueText({ value: was }: Fact, { value: is, path }: Fact): string | undefined {
  if (was === undefined || is === undefined) return undefined;
  const name = path.at(-1) ?? '';
  const shown = (value: NonNullable<Fact['value']> | null): string => {
    if (value === null) return 'nothing';
    if (name === 'mode' && typeof value === 'number') return value.toString(8).padStart(4, '0');
    return String(value);
  };
  const isPlain = name.startsWith('/') || ['current', 'groupExists', 'user'].includes(name);
  return `${isPlain ? '' : `${NAMED[name] ?? name.replace(/\?$/, '')}: `}expected ${shown(was)}, found ${shown(is)}`;
}

/** `12 seconds ago`, `4 minutes ago`, `3 hours ago`, `5 days ago`. */
export function agoText(seconds: number): string {
  const [count, unit] =
    seconds < 90
      ? [seconds, 'second']
      : seconds < 90 * 60
        ? [seconds / 60, 'minute']
        : seconds < 36 * 3600
          ? [seconds / 3600, 'hour']
          : [seconds / 86_400, 'day'];
  const whole = Math.max(0, Math.round(count));
  return `${String(whole)} ${unit}${whole === 1 ? '' : 's'} ago`;
}

/** The changes of the operator’s files since the plan was made, one sentence for each thing. */
export function changedWanted(differences: readonly Difference[], { files }: Desired): readonly string[] {
  const told = differences.map(({ was, is }) => {
    const [room = '', name = '', part = ''] = is.path;
    const values = valueText(was, is);
    if (room === 'files') {
      const file = files[Number(name)];
      if (file === undefined || part === '') return 'other files are rendered';
      return file.content.kind === 'secret' && part === 'content'
        ? `${file.name}: another ${file.name === 'tls-key.pem' ? 'private key' : 'master key'}`
        : `${file.name}: ${part === 'content' ? 'other content' : (values ?? `another ${part}`)}`;
    }
    const variable = `litellm_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (room === 'settings' || name === 'configDir' || name === 'installDir')
      return values === undefined ? `another ${variable}` : `${variable}: ${bare(values)}`;
    return room === 'paths' ? 'other folders on the host' : `another ${room} ${name}`;
  });
  // Variables first. Folders and the release follow from them.
  const [variables, others] = [
    told.filter((text) => text.startsWith('litellm_')),
    told.filter((text) => text.includes('.') && text.includes(':')),
  ];
  const named = new Set([...variables, ...others]);
  return named.size === 0 ? [...new Set(told)] : [...named];
}

function bare(values: string): string {
  return values.replace(/^\w+: /, '');
}
