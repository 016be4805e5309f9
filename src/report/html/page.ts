// The frame of every page: one file that loads nothing, with our style and script in it.

import { createHash } from 'node:crypto';
import { type Markup, markup, trusted } from './markup.ts';
import { script } from './script.ts';
import { style } from './style/style.ts';
import { patterns } from './timeline/patterns.ts';

/** Nothing may be loaded from anywhere, and only our own style and script may act. */
const policy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The whole document around the `main` element. */
export function page(title: string, body: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(style)}</style>
</head>
<body>
${patterns}
${body}
<script>${trusted(script)}</script>
</body>
</html>
`.text;
}
