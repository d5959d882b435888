/** A name whose value may be a secret, in YAML, in a unit or in an environment file. */
const SECRET_NAME = /key|token|secret|passw|credential|salt|environment/i;
const SETTING = /^(\s*(?:-\s+)?)([\w.-]+)(\s*[:=]\s*)(.*)$/;
/** A value that may hold more than itself: a mapping, a list, a block, an anchor, several words, an address with a password or a query. */
const COMPOUND = /^[{[|>&*!]|\s|\/\/\S*[@?#]/;

const HIDDEN = '[not shown]';

/**
 * The text of a file of hxllm on a host, as far as it may be shown: an operator may have written anything into it. A line is shown if
 * the desired text has it too; else only a name that the desired text uses, and its value if that is plain and no secret.
 */
export function shownText(found: string, desired: string): string {
  const lines = desired.split('\n');
  const known = new Set(lines);
  const names = new Set(lines.flatMap((line) => SETTING.exec(line)?.[2] ?? []));
  return found
    .split('\n')
    .map((line) => (known.has(line) ? line : shownLine(line, names)))
    .join('\n');
}

function shownLine(line: string, names: ReadonlySet<string>): string {
  const [, start = '', name = '', between = '', value = ''] = SETTING.exec(line) ?? [];
  if (!names.has(name)) return HIDDEN;
  const isPlain = value.trim() === '' || (!SECRET_NAME.test(name) && !COMPOUND.test(value.trimEnd()));
  return `${start}${name}${between}${isPlain ? value : HIDDEN}`;
}
