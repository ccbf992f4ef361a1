import { ConflictError } from '../../model/errors.ts'
import type { Layout } from '../layout.ts'
import { type ConfigDocument, formatConfigFile, readConfigFile } from './config-file.ts'
import { parseConfigValue } from './config-value.ts'

/** A key of a repository's own file before and after an operation, as JSON has it; undefined where the file has none. */
export interface ConfigChange {
  key: string
  before: unknown
  after: unknown
}

/**
 * What has to change in a repository's file so that these keys have these values (undefined: none); what is so already is
 * left out. The caller holds the lock. Throws as `Config` does.
 */
export function planConfig(layout: Layout, values: ReadonlyMap<string, unknown>): ConfigChange[] {
  const document = readConfigFile(layout.config) ?? {}
  const changes = Array.from(values, ([key, after]) => ({ key, before: document[key], after }))
  for (const { key, after } of changes) if (after !== undefined) parseConfigValue(key, after, layout.config)
  return changes.filter(({ before, after }) => !isSameValue(before, after))
}

/** Throws ConflictError `config-changed` (details: `key`) where a key is not what a plan says it is. */
export function compareConfig(layout: Layout, changes: readonly ConfigChange[]): void {
  if (changes.length === 0) return
  const document = readConfigFile(layout.config) ?? {}
  const changed = changes.find(({ key, before }) => !isSameValue(document[key], before))
  if (changed === undefined) return
  throw new ConflictError('config-changed', `${changed.key} is not what it was a moment ago`, {
    hint: `look at \`jzfs config ${changed.key}\` and try again`,
    details: { key: changed.key },
  })
}

/** The document once the changes are made: each only where the key still is as it was before. */
export function settleConfig(document: ConfigDocument, changes: readonly ConfigChange[]): ConfigDocument {
  const settled = { ...document }
  for (const { key, before, after } of changes) {
    if (!isSameValue(settled[key], before)) continue
    if (after === undefined) delete settled[key]
    else settled[key] = after
  }
  return settled
}

/** The text that a repository's file gets by these changes; undefined where it has them already. */
export function settledConfigText(layout: Layout, changes: readonly ConfigChange[]): string | undefined {
  if (changes.length === 0) return undefined
  const document = readConfigFile(layout.config) ?? {}
  const text = formatConfigFile(settleConfig(document, changes))
  return text === formatConfigFile(document) ? undefined : text
}

/** Whether two values of JSON are the same. */
export function isSameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
