export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export const jsonType = 'application/json';

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', headers, body };
}

export interface Notes {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** What the API answers when all went well; `data` is JSON already, as text or in UTF-8. */
export function successJson(data: string | Buffer, notes: Notes = {}): Answer {
  const { warnings = [], infos = [] } = notes;
  const warned = warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '';
  const informed = infos.length > 0 ? `,"infos":${JSON.stringify(infos)}` : '';
  const [before, after] = ['{"status":"success","data":', `${warned}${informed}}`];
  const body =
    typeof data === 'string'
      ? `${before}${data}${after}`
      : Buffer.concat([Buffer.from(before), data, Buffer.from(after)]);
  return { status: 200, contentType: jsonType, body };
}

export function success(data: unknown, notes: Notes = {}): Answer {
  return successJson(JSON.stringify(data), notes);
}
