/** Bytes from the other side that break the protocol. Each side makes of it what it owes its user. */
export class WireProblem extends Error {
  /** Whether the stream just ended too soon. */
  readonly isCutShort: boolean

  constructor(problem: string, options: { isCutShort?: boolean } = {}) {
    super(problem)
    this.name = 'WireProblem'
    this.isCutShort = options.isCutShort ?? false
  }
}

/** The problem of a stream that ends inside of something. */
export function cutShort(what: string): WireProblem {
  return new WireProblem(`${what} is cut short`, { isCutShort: true })
}
