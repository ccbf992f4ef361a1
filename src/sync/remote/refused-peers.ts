import type { JzfsError } from '../../model/errors.ts'

/** Whether an error says that a peer lies, is behind or forked: not that it is out of reach, or has nothing. */
export function isWrong({ family }: JzfsError): boolean {
  return family === 'integrity' || family === 'conflict'
}

/** Each error once, in their order: of those of one peer with one code the first. */
export function onceEach(errors: readonly JzfsError[]): JzfsError[] {
  const byKind = new Map<string, JzfsError>()
  for (const error of errors) {
    const kind = `${error.code} ${String(error.details['peer'])}`
    if (!byKind.has(kind)) byKind.set(kind, error)
  }
  return [...byKind.values()]
}

/** That a peer is behind, where that is why it does not serve what is newest; else the error. */
export function explainNotServed(error: unknown, refused: readonly JzfsError[] = []): unknown {
  const { code, details } = (error ?? {}) as Partial<JzfsError>
  if (code !== 'not-served') return error
  return refused.find((each) => isBehind(each) && each.details['peer'] === details?.['peer']) ?? error
}

/** Whether an error says that a peer has an older record than was seen. */
export function isBehind({ code }: JzfsError): boolean {
  return code === 'record-older-than-seen'
}
