import type { Problem } from '../../core/problem.ts';
import type { ExpectedUnits } from './rule.ts';
import { ruleOf, rulesOf, type UnitName } from './rules.ts';
import { parseUnitText, type Assignment } from './unit-text.ts';

/** The rendered text of one of hxllm's units, and the template that it comes from. */
export interface OwnUnit {
  readonly name: UnitName;
  readonly text: string;
  /** The template's path, for messages. */
  readonly template: string;
}

/** A setting that hxllm's unit needs, though a drop-in cannot take it away: its lines, and what is lost without them. */
interface Need {
  readonly section: string;
  readonly key: string;
  readonly word: string;
  readonly why: string;
}

const NEEDS: Readonly<Record<UnitName, readonly Need[]>> = {
  'litellm.service': [
    {
      section: 'Unit',
      key: 'Requires',
      word: 'litellm.socket',
      why: 'systemd does not pass the listening socket to the service',
    },
    { section: 'Install', key: 'WantedBy', word: 'multi-user.target', why: 'the service does not start at boot' },
  ],
  'litellm@.service': [
    {
      section: 'Unit',
      key: 'Requires',
      word: 'litellm.socket',
      why: 'systemd does not pass the listening socket to the instance',
    },
    {
      section: 'Unit',
      key: 'BindsTo',
      word: 'litellm.service',
      why: 'the instances go on when litellm.service is stopped',
    },
    {
      section: 'Unit',
      key: 'After',
      word: 'litellm.service',
      why: 'the instances start before the pipe for their log is there',
    },
    {
      section: 'Unit',
      key: 'ConditionPathExists',
      word: '|/etc/systemd/system/litellm.service.wants/litellm@%i.service',
      why: 'a restart starts instances that are not in use, too',
    },
    {
      section: 'Unit',
      key: 'ConditionPathExists',
      word: '|/run/litellm-next/%i',
      why: 'the instance of a new deployment does not start',
    },
    { section: 'Service', key: 'StateDirectory', word: 'litellm', why: 'the gateway may not write its state' },
    { section: 'Install', key: 'WantedBy', word: 'litellm.service', why: 'no instance starts with litellm.service' },
  ],
  'litellm.socket': [
    { section: 'Install', key: 'WantedBy', word: 'sockets.target', why: 'the socket does not listen after a boot' },
  ],
};

/**
 * The settings that a unit lost or changed so that the gateway cannot work with it: hxllm's own text breaks none of the rules for
 * drop-ins, an operator's template may break each of them.
 */
export function ownUnitProblems({ name, text, template }: OwnUnit, expected: ExpectedUnits): readonly Problem[] {
  const assignments = parseUnitText(text);
  // Conditions have many names, so that no rule lists them. Those of the instances are hxllm's own.
  const conditions = assignments.flatMap(({ section, key: setting, value }) => {
    if (NEEDS[name].some(({ key, word }) => key === setting && word === value)) return [];
    const rule = /^(?:Condition|Assert)/.test(setting) ? ruleOf(name, section, setting) : undefined;
    return rule === undefined ? [] : [{ section, setting, rule }];
  });
  const broken = [...rulesOf(name), ...conditions].flatMap(({ section, setting, rule }) => {
    const found = valuesOf(assignments, section, setting);
    const ours = rule.ours?.(expected) ?? [];
    // A setting that hxllm's own unit does not have is judged only where the template has it.
    if (ours.length === 0 && found.length === 0) return [];
    const why = rule.breaks(found, expected);
    return why === undefined ? [] : [problemOf(template, section, `${setting}=`, found, ours, why)];
  });
  const lost = NEEDS[name].flatMap(({ section, key, word, why }) => {
    const found = valuesOf(assignments, section, key);
    return found.some((value) => value.split(/\s+/).includes(word))
      ? []
      : [problemOf(template, section, `${key}=`, found, [word], why)];
  });
  return [...broken, ...lost];
}

/** The values in effect: an empty one resets what was set before. */
function valuesOf(assignments: readonly Assignment[], section: string, key: string): readonly string[] {
  const values = assignments.flatMap((one) => (one.section === section && one.key === key ? [one.value] : []));
  return values.slice(values.lastIndexOf('') + 1);
}

function problemOf(
  template: string,
  section: string,
  setting: string,
  found: readonly string[],
  ours: readonly string[],
  why: string,
): Problem {
  const wanted = ours.length === 0 ? `no ${setting}` : ours.map((value) => `${setting}${value}`).join(', ');
  return {
    code: 'config.template-lost',
    summary: `a template lost what the gateway needs: ${setting}`,
    detail: `Expected ${wanted} below [${section}], found ${found.length === 0 ? 'none' : found.map((value) => `${setting}${value}`).join(', ')}: ${why}.`,
    fix: `hxllm validate --write-templates DIR, and take ${setting} from there to ${template}`,
    where: { file: template },
  };
}
