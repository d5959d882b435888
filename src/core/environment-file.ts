type State =
  | 'pre-key'
  | 'key'
  | 'pre-value'
  | 'value'
  | 'value-escape'
  | 'single'
  | 'double'
  | 'double-escape'
  | 'comment'
  | 'comment-escape';

const BLANK = ' \t';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F]/;

/**
 * The variables of an environment file as a service of systemd gets them from `EnvironmentFile=`: the last value of each name, without the
 * assignments that systemd drops (env_assignment_is_valid in src/basic/env-util.c).
 */
export function readEnvironmentFile(text: string): ReadonlyMap<string, string> {
  return new Map([...parseEnvironmentFile(text)].filter(([name, value]) => NAME.test(name) && !CONTROL.test(value)));
}

/** Parses an environment file as systemd 252 does (src/basic/env-file.c, parse_env_file_internal), state by state. */
export function parseEnvironmentFile(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let state: State = 'pre-key';
  let [key, value, solid] = ['', '', 0];
  const push = (): void => {
    found.set(key.trimEnd(), value);
    [key, value, solid] = ['', '', 0];
    state = 'pre-key';
  };
  for (const c of text) {
    switch (state) {
      case 'pre-key':
        if ('#;'.includes(c)) state = 'comment';
        else if (!`${BLANK}\r\n`.includes(c)) [state, key] = ['key', c];
        break;
      case 'key':
        if ('\r\n'.includes(c)) [state, key] = ['pre-key', ''];
        else if (c === '=') state = 'pre-value';
        else key += c;
        break;
      case 'pre-value':
        if ('\r\n'.includes(c)) push();
        else if (c === "'") state = 'single';
        else if (c === '"') state = 'double';
        else if (c === '\\') state = 'value-escape';
        else if (!BLANK.includes(c)) [state, value, solid] = ['value', value + c, value.length + 1];
        break;
      case 'value':
        if ('\r\n'.includes(c)) {
          value = value.slice(0, solid);
          push();
        } else if (c === '\\') [state, solid] = ['value-escape', value.length];
        else {
          value += c;
          if (!BLANK.includes(c)) solid = value.length;
        }
        break;
      case 'value-escape':
        state = 'value';
        if (!'\r\n'.includes(c)) [value, solid] = [value + c, value.length + 1];
        break;
      case 'single':
        if (c === "'") state = 'pre-value';
        else value += c;
        break;
      case 'double':
        if (c === '"') state = 'pre-value';
        else if (c === '\\') state = 'double-escape';
        else value += c;
        break;
      case 'double-escape':
        state = 'double';
        if ('"\\`$'.includes(c)) value += c;
        else if (c !== '\n') value += `\\${c}`;
        break;
      case 'comment':
        if (c === '\\') state = 'comment-escape';
        else if ('\r\n'.includes(c)) state = 'pre-key';
        break;
      case 'comment-escape':
        state = 'comment';
        break;
    }
  }
  if (state !== 'pre-key' && state !== 'comment') push();
  return found;
}
