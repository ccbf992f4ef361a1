/**
 * Where the library says what it does: a small part of what loggers have (pino among them). What happened is `event`, a
 * fixed text of a few words; what it happened to stands in the fields. Nothing secret goes into either.
 */
export interface Log {
  debug(fields: LogFields, event: string): void
  info(fields: LogFields, event: string): void
  warn(fields: LogFields, event: string): void
  error(fields: LogFields, event: string): void
}

/** What an entry is about, as JSON has it. A peer's id goes by the name `peer`, an error's code by `code`. */
export type LogFields = Record<string, unknown>

/** Says nothing. */
export const SILENT_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
