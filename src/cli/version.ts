declare const __FIREDRILL_VERSION__: string | undefined;

/** The package's version, put in by the build; `source` when run from the sources. */
export const version: string = typeof __FIREDRILL_VERSION__ === 'string' ? __FIREDRILL_VERSION__ : 'source';
