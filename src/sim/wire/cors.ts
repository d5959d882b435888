const HEADERS =
  'Authorization,Content-Type,User-Agent,Accept,X-Requested-With,Openai-Beta,X-Stainless-Arch,X-Stainless-Async,X-Stainless-Custom-Poll-Interval,X-Stainless-Helper-Method,X-Stainless-Lang,X-Stainless-Os,X-Stainless-Package-Version,X-Stainless-Poll-Helper,X-Stainless-Retry-Count,X-Stainless-Runtime,X-Stainless-Runtime-Version,X-Stainless-Timeout';

/** The CORS headers of an answer to an admitted origin. */
export function corsHeaders(origin: string): Readonly<Record<string, string>> {
  return { 'Access-Control-Allow-Origin': origin, Vary: 'Origin' };
}

/** The headers of the answer to a preflight request. */
export function preflightHeaders(origin: string): Readonly<Record<string, string>> {
  return {
    'Access-Control-Allow-Headers': HEADERS,
    'Access-Control-Allow-Methods': 'GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS',
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Max-Age': '43200',
    Vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
  };
}
