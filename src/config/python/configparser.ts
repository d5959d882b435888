/** An option of an INI file, with the number of its line, from 1. */
export interface ConfigEntry {
  readonly text: string;
  readonly line: number;
}

/** A line that Python's configparser refuses. */
export interface ConfigError {
  readonly line: number;
  readonly expected: string;
  /** The line’s option without its value, since a value may be a password. */
  readonly found: string;
}

/** Sections with their options, whose names are in lower case. */
export interface ParsedConfig {
  readonly sections: ReadonlyMap<string, ReadonlyMap<string, ConfigEntry>>;
  readonly errors: readonly ConfigError[];
}

interface OpenEntry {
  readonly lines: string[];
  readonly line: number;
}

/**
 * Parses a text as Python's configparser does with `;` for comments at the end of a line
 * (https://docs.python.org/3/library/configparser.html#supported-ini-file-structure): a line that is indented deeper than its
 * option continues the value, an indented option is an option, and `[DEFAULT]` holds for every section.
 */
export function parseConfig(text: string): ParsedConfig {
  const sections = new Map<string, Map<string, OpenEntry>>();
  const errors: ConfigError[] = [];
  let section: Map<string, OpenEntry> | undefined;
  let entry: OpenEntry | undefined;
  let indent = 0;
  for (const [index, raw] of text.split(/\r\n|\r|\n/).entries()) {
    const line = index + 1;
    const bare = /^\s*[#;]/.test(raw) ? '' : raw.replace(/(^|\s);.*$/s, '').trim();
    if (bare === '') {
      if (raw.trim() === '') entry?.lines.push('');
      continue;
    }
    const depth = raw.search(/\S/);
    if (entry !== undefined && depth > indent) {
      entry.lines.push(bare);
      continue;
    }
    indent = depth;
    const header = /^\[(.+)\]/.exec(bare)?.[1];
    const option = /^(.*?)\s*[=:]\s*(.*)$/s.exec(bare);
    const name = option?.[1]?.toLowerCase() ?? '';
    const shown = option === null ? bare.replace(/\s.*$/s, ' …') : `${option[1] ?? ''} = …`;
    const refuse = (expected: string): void => void errors.push({ line, expected, found: shown });
    if (header !== undefined) {
      entry = undefined;
      if (sections.has(header) && header !== 'DEFAULT') refuse('each section once');
      section = sections.get(header) ?? new Map<string, OpenEntry>();
      sections.set(header, section);
    } else if (section === undefined) refuse('a [section] before the first option');
    else if (option === null || name === '') refuse('[section] or name = value');
    else if (section.has(name)) refuse(`${name} once in its section`);
    else {
      entry = { lines: [option[2] ?? ''], line };
      section.set(name, entry);
    }
  }
  const common = [...(sections.get('DEFAULT') ?? [])];
  const closed = [...sections].map(([name, entries]): [string, ReadonlyMap<string, ConfigEntry>] => [
    name,
    new Map([...common, ...entries].map(([key, { lines, line }]) => [key, { text: lines.join('\n').trim(), line }])),
  ]);
  return { sections: new Map(closed), errors };
}
