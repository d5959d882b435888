/** One line `Key=value` of a unit file, with the section above it. An empty value resets the setting. */
export interface Assignment {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/**
 * Reads the text of a unit file or drop-in by the rules of systemd.syntax(7): comment lines also within a continued line, a
 * backslash at the end of a line joins the next one, keys may have blanks around `=`.
 */
export function parseUnitText(text: string): readonly Assignment[] {
  const found: Assignment[] = [];
  let section = '';
  for (const line of joinedLines(text)) {
    const header = /^\[(.*)\]$/.exec(line);
    const equals = line.indexOf('=');
    if (header !== null) section = header[1] ?? '';
    else if (equals > 0)
      found.push({ section, key: line.slice(0, equals).trim(), value: line.slice(equals + 1).trim() });
  }
  return found;
}

function joinedLines(text: string): readonly string[] {
  const joined: string[] = [];
  let begun = '';
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|[\n\r]/)) {
    if (/^\s*[#;]/.test(line)) continue;
    // A backslash that is itself escaped does not join the lines.
    if (/(?:^|[^\\])(?:\\\\)*\\$/.test(line)) begun += `${line.slice(0, -1)} `;
    else {
      joined.push((begun + line).trim());
      begun = '';
    }
  }
  joined.push(begun.trim());
  return joined.filter((line) => line !== '');
}
