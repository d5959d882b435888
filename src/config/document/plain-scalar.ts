/**
 * The value of an unquoted YAML scalar by PyYAML's rules (YAML 1.1, yaml/resolver.py), which Ansible uses: `yes` is
 * true, `0644` is 420, `1_000` is 1000. `1e3` is text, since a float needs a dot, and `y` is text, although it is true
 * in YAML 1.1.
 */
export function readPlainScalar(text: string): string | number | boolean | null {
  if (text === '' || text === '~' || /^(?:null|Null|NULL)$/.test(text)) return null;
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false;
  return readInteger(text) ?? readFloat(text) ?? text;
}

function readInteger(text: string): number | undefined {
  if (!/^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/.test(text))
    return undefined;
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '').replaceAll('_', '');
  const value = /^0[xb]/.test(digits)
    ? Number(digits)
    : digits.startsWith('0') && digits.length > 1
      ? Number.parseInt(digits, 8)
      : sexagesimal(digits);
  // A JavaScript number cannot hold every Python integer; the text can.
  return Number.isSafeInteger(value) ? 0 + sign * value : undefined;
}

function readFloat(text: string): number | undefined {
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^\.(?:nan|NaN|NAN)$/.test(text)) return Number.NaN;
  if (/^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)$/.test(text))
    return Number(text.replaceAll('_', ''));
  if (!/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/.test(text)) return undefined;
  return (text.startsWith('-') ? -1 : 1) * sexagesimal(text.replace(/^[-+]/, '').replaceAll('_', ''));
}

/** A number to the base of 60: `1:30` is ninety. */
function sexagesimal(digits: string): number {
  return digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}
