/** A backend's URL without a trailing slash, or the expected form and a fix. */
export type BackendUrl =
  | { readonly ok: true; readonly url: string; readonly withoutPort: boolean }
  | { readonly ok: false; readonly wanted: string; readonly fix: string };

const EXAMPLE = 'http://hx-llm01-server:11434';

/** Parses the URL of an Ollama server: `http://host:11434`, optionally with a path. */
export function readBackendUrl(text: string): BackendUrl {
  const wanted = `an address such as ${EXAMPLE}`;
  if (!/^https?:\/\//i.test(text)) {
    const looksLikeHost = /^[\w.-]+(?::\d+)?(?:\/.*)?$/.test(text);
    return {
      ok: false,
      wanted: `${wanted}, with http:// or https://`,
      fix: looksLikeHost ? `write http://${text}` : `write ${EXAMPLE}`,
    };
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '' || /\s/.test(text))
    return { ok: false, wanted, fix: `write ${EXAMPLE}` };
  if (url.username !== '' || url.password !== '')
    return {
      ok: false,
      wanted: `${wanted}, without a name and password in it`,
      fix: 'make Ollama reachable without them: every rendered file would contain them in plain text',
    };
  if (url.search !== '' || url.hash !== '')
    return {
      ok: false,
      wanted: `${wanted}, without ? and #`,
      fix: `write ${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    };
  if (/^\/(?:v1|api)\/*$/.test(url.pathname))
    return {
      ok: false,
      wanted: `${wanted}without /v1 or /api, which hxllm adds itself`,
      fix: `write ${url.origin}`,
    };
  return {
    ok: true,
    url: `${url.protocol}//${url.host}${url.pathname}`.replace(/\/+$/, ''),
    withoutPort: url.port === '' && !/:\d+(?:\/|$)/.test(text.slice(8)),
  };
}
