// The page's colours, light and dark. Text colours have a contrast of at least 4.5 : 1 on the grounds that they stand
// on (WCAG 2.2, 1.4.3), lines and marks at least 3 : 1 (1.4.11); a test holds them to it.

export interface Palette {
  readonly page: string;
  readonly panel: string;
  readonly text: string;
  readonly quiet: string;
  readonly rule: string;
  readonly grid: string;
  readonly measured: string;
  readonly threshold: string;
  readonly good: string;
  readonly goodGround: string;
  readonly bad: string;
  readonly badGround: string;
  readonly unsure: string;
  readonly unsureGround: string;
  readonly warn: string;
  readonly warnGround: string;
  readonly fault: string;
  readonly faultGround: string;
  readonly pendingGround: string;
  readonly flame: string;
}

export const light: Palette = {
  page: '#faf9f7',
  panel: '#ffffff',
  text: '#1f2328',
  quiet: '#5b626b',
  rule: '#e2dfda',
  grid: '#eceae6',
  measured: '#2b67ad',
  threshold: '#5b626b',
  good: '#1a6e41',
  goodGround: '#e4f2e9',
  bad: '#b3261e',
  badGround: '#fbe9e7',
  unsure: '#6a4fa3',
  unsureGround: '#f0ebf9',
  warn: '#85580a',
  warnGround: '#fbf0da',
  fault: '#a85a10',
  faultGround: '#fdf3e4',
  pendingGround: '#f3dcae',
  flame: '#c2540a',
};

export const dark: Palette = {
  page: '#15171b',
  panel: '#1c1f24',
  text: '#e4e6ea',
  quiet: '#a0a7b1',
  rule: '#30343b',
  grid: '#282c32',
  measured: '#7ab2f2',
  threshold: '#a0a7b1',
  good: '#6fcf97',
  goodGround: '#17301f',
  bad: '#ff8a80',
  badGround: '#3b1a19',
  unsure: '#bfa6f5',
  unsureGround: '#2a2340',
  warn: '#e8b65a',
  warnGround: '#352a12',
  fault: '#e39a4f',
  faultGround: '#2a2217',
  pendingGround: '#4f3d16',
  flame: '#f08c3a',
};

/** `--name: value` declarations; `goodGround` becomes `--good-ground`. */
export function declarations(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}:${value};`)
    .join('');
}
