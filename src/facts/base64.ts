/**
 * Bash functions. `say KIND VALUE…` prints a line in which every value is one word: behind `=` as it is if it has only letters, digits and
 * `_./:@+,-`, else in base64. {@link decodeBase64} decodes a value. Three processes for each of three hundred values were most of what
 * a look at a host took; each line is written at once.
 */
export const SAY = `say() {
  local line=$1 v; shift
  for v; do
    case $v in
      '') line+=' -';;
      *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@+,-]*) line+=" $(printf %s "$v" | base64 -w0)";;
      *) line+=" =$v";;
    esac
  done
  printf '%s\\n' "$line"
}`;

/** Decodes a value of `say`, and the output of `base64 -w0` as UTF-8. `-` is the empty text. */
export function decodeBase64(text: string): string {
  if (text.startsWith('=')) return text.slice(1);
  return text === '-'
    ? ''
    : new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0));
}
