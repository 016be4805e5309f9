// The body of a mail where the configuration sets none: our own page with what Alertmanager's says. Plain enough for
// any mail program: a table, colours in attributes, no images, no scripts.

const subject = '{{ template "__subject" . }}';

const heading =
  '{{ if .Alerts.Firing }}{{ len .Alerts.Firing }} alert{{ if gt (len .Alerts.Firing) 1 }}s{{ end }} firing' +
  '{{ else }}{{ len .Alerts.Resolved }} alert{{ if gt (len .Alerts.Resolved) 1 }}s{{ end }} resolved{{ end }}';

const group = `{{ with .GroupLabels.SortedPairs }}
<p style="margin: 4px 0 0">{{ range . }}<span style="white-space: nowrap">{{ .Name }} = {{ .Value }}</span> {{ end }}</p>
{{ end }}`;

function pairs(title: string, of: string): string {
  return `{{ with ${of}.SortedPairs }}
<p style="margin: 8px 0 2px"><strong>${title}</strong></p>
{{ range . }}<div>{{ .Name }} = {{ .Value }}</div>
{{ end }}{{ end }}`;
}

function section(title: string, alerts: string, color: string): string {
  return `{{ with ${alerts} }}
<h2 style="font-size: 16px; margin: 20px 0 4px">${title} ({{ len . }})</h2>
{{ range . }}
<div style="border-left: 4px solid ${color}; margin: 8px 0; padding: 4px 12px">
${pairs('Labels', '.Labels')}
${pairs('Annotations', '.Annotations')}
<p style="margin: 8px 0 0"><a href="{{ .GeneratorURL }}">Source</a></p>
</div>
{{ end }}{{ end }}`;
}

const html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${subject}</title>
</head>
<body style="background: #f4f4f5; color: #18181b; font-family: sans-serif; font-size: 14px; margin: 0; padding: 16px">
<table role="presentation" align="center" width="600" cellpadding="0" cellspacing="0" style="background: #ffffff; max-width: 100%">
<tr><td bgcolor="{{ if .Alerts.Firing }}#b91c1c{{ else }}#15803d{{ end }}" style="color: #ffffff; padding: 16px">
<h1 style="font-size: 18px; margin: 0">${heading}</h1>
${group}
</td></tr>
<tr><td style="padding: 8px 16px 16px">
<p><a href="{{ template "__alertmanagerURL" . }}">View in {{ template "__alertmanager" . }}</a></p>
${section('Firing', '.Alerts.Firing', '#b91c1c')}
${section('Resolved', '.Alerts.Resolved', '#15803d')}
</td></tr>
<tr><td style="border-top: 1px solid #e4e4e7; padding: 12px 16px">
<a href="{{ .ExternalURL }}">Sent by {{ template "__alertmanager" . }}</a>
</td></tr>
</table>
</body>
</html>
`;

export const mailTemplates = { subject, html };
