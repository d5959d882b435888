/** The host's own record of a run: the file in the install folder, and the word that begins its lines. */
export interface HostRecord {
  readonly file: string;
  readonly id: string;
}

/**
 * The bash function `record STATE STEP…`: appends a line for each step to `$journal` and waits until it is on the disk, so that
 * the steps of a run whose operator was cut off are known later. A line is `$run TIME STEP STATE`. It is left out where the disk is full. Lines
 * before the folder carries hxllm's marker wait for it: a file in an unmarked folder would make that folder look foreign.
 */
export const RECORD = `
waiting= recorder=
record() {
  local state=$1 step; shift
  for step; do waiting+="$run $(TZ=UTC0 printf '%(%FT%TZ)T' -1) $step $state"$'\\n'; done
  [ -n "$recorder" ] || [ -e "\${journal%-record}" ] || return 0
  if [ -z "$recorder" ]; then
    if [ "$(stat -c %s -- "$journal" 2>/dev/null || echo 0)" -gt 1000000 ]; then
      (umask 077; tail -c 500000 -- "$journal" > "$journal.hxllm-new" && mv -fT -- "$journal.hxllm-new" "$journal" || rm -f -- "$journal.hxllm-new") 2>/dev/null
    fi
    # Open from here on: uninstall removes the file, and no later line makes it again.
    local mask; mask=$(umask); umask 077
    { exec {recorder}>> "$journal"; } 2>/dev/null || recorder=
    umask "$mask"
    [ -n "$recorder" ] || return 0
  fi
  { printf %s "$waiting" >&"$recorder" && waiting= && sync -- "$journal"; } 2>/dev/null || waiting=$'\\n'
  return 0
}
`;
