/** The bash functions for the instances of the gateway, beside those of `functions.ts`; a fixed text. */
export const INSTANCE_FUNCTIONS = `
# The one link is renamed, so that at each moment exactly one instance starts at boot.
use_instance() {
  local link=$1/litellm@$3.service each old=
  [ -d "$1" ] || { mkdir -- "$1" && { [ -z "$kept" ] || undos+=("$(printf 'rmdir --ignore-fail-on-non-empty -- %q' "$1")"); }; } || return
  for each in "$1"/litellm@*.service; do
    [ -L "$each" ] && [ "$each" != "$link" ] || continue
    if [ -z "$old" ] && [ ! -L "$link" ]; then
      mv -T -- "$each" "$link" || return
      old=$each; [ -z "$kept" ] || undos+=("$(printf 'mv -T -- %q %q' "$link" "$each")")
    else
      keep "$each" || return; rm -f -- "$each" || forget || return
    fi
  done
  [ -L "$link" ] && return
  ln -s -- "$2" "$link" && { [ -z "$kept" ] || undos+=("$(printf 'rm -f -- %q' "$link")"); }
}
# The permit is for this one start: an instance that is not in use and ends is not started again.
start_instance() {
  # litellm.service makes the pipe; that of an older hxllm has not.
  [ -p /run/litellm-log ] || { rm -f /run/litellm-log && mkfifo -m 600 /run/litellm-log && chown "$2" /run/litellm-log; } || return
  mkdir -p -m 755 /run/litellm-next && : > "/run/litellm-next/$1" || return
  systemctl --no-ask-password start "litellm@$1.service"
  local code=$?
  rm -f -- "/run/litellm-next/$1"; rmdir --ignore-fail-on-non-empty /run/litellm-next
  return $code
}
lives() { [ "$(systemctl show -P ActiveState "$1")" = active ] && [ "$(restarts unit "$1")" = "$2" ]; }
gate() {
  local unit=litellm@$2.service begin=$SECONDS pid= code= before
  before=$(restarts unit "$unit")
  timeout "$(($3 + 30))" "$1" --control gate --instance "$2" --timeout "$3" \${5:+--model "$5"} & pid=$!
  while lives "$unit" "$before"; do
    if [ -n "$pid" ] && ! kill -0 "$pid" 2>/dev/null; then wait "$pid"; code=$?; pid=; [ $code = 0 ] || break; fi
    [ -n "$pid" ] || [ $((SECONDS - begin)) -le "$4" ] || return 0
    sleep 0.2
  done
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null; wait "$pid"; }
  lives "$unit" "$before" || echo "$unit has ended"
  journal_of "$unit"
  return 1
}
# From here on the earlier one may accept nothing more.
taken=
take_over() {
  local said code
  taken=1
  said=$(timeout 60 "$1" --control take-over --instance "$2"); code=$?
  printf '%s\\n' "$said"
  [ $code = 0 ] || return $code
  # One that hangs did not hand over, and might accept again later.
  case $said in *'"problems":[]'*) ;; *) systemctl --no-ask-password stop --no-block "litellm@$3.service";; esac
}
# Without its dependencies, which would stop the instances too.
replace_process() { taken=1; systemctl --no-ask-password restart --no-block --job-mode=ignore-dependencies litellm.service; }
return_to() {
  [ -z "$taken" ] && systemctl is-active -q "$1" || systemctl --no-ask-password restart "$1"
}
`;
