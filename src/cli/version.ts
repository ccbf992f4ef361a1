import manifest from '../../package.json' with { type: 'json' }

/** The version of jzfs that runs. */
export const VERSION: string = manifest.version
