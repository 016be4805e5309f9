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

/** What the API answers when all went well; `data` is JSON already. */
export function successJson(data: string, notes: Notes = {}): Answer {
  const { warnings = [], infos = [] } = notes;
  const warned = warnings.length > 0 ? `,"warnings":${JSON.stringify(warnings)}` : '';
  const informed = infos.length > 0 ? `,"infos":${JSON.stringify(infos)}` : '';
  return {
    status: 200,
    contentType: jsonType,
    body: `{"status":"success","data":${data}${warned}${informed}}`,
  };
}

export function success(data: unknown, notes: Notes = {}): Answer {
  return successJson(JSON.stringify(data), notes);
}
