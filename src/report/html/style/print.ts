// On paper: light, everything unfolded, nothing that only a screen can use.

import { declarations, light } from './palette.ts';

export const printStyle = `
@media print{
:root{color-scheme:light;${declarations(light)}--page:#fff}
body{font-size:10.5pt}
main{max-width:none;padding:0}
section,.fold{margin-top:22pt}
h1{font-size:18pt}
h2,h3{break-after:avoid}
.badge,.word,.state,.band{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.card,.lane,tbody,.event{break-inside:avoid}
.filters,.crosshair,.lane-readout{display:none}
.fold::details-content{content-visibility:visible;display:block;block-size:auto}
.yaml{white-space:pre-wrap}
.mark-label{display:inline}
.chart{--gutter:150px}
}`;
