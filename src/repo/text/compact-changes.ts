/**
 * Slides groups of changed lines, as git does: a group whose line before equals its last line may as well stand one line
 * higher. Groups that touch become one; a group that can stand beside a change of the other text does, the lowest such
 * place first; any other stands as low as it can.
 */
export function compactChanges(classes: Int32Array, flags: Uint8Array, other: Uint8Array): void {
  const group = new Group(flags)
  const beside = new Group(other)
  do {
    if (group.end > group.start) slide(classes, group, beside)
    // There are as many unchanged lines in both texts, so groups go on in step.
  } while (group.next() && beside.next())
}

function slide(classes: Int32Array, group: Group, beside: Group): void {
  let size: number
  let highest: number
  let hasCompany: boolean
  do {
    size = group.end - group.start
    while (group.slideUp(classes)) beside.previous()
    highest = group.end
    hasCompany = beside.end > beside.start
    while (group.slideDown(classes)) {
      beside.next()
      if (beside.end > beside.start) hasCompany = true
    }
  } while (size !== group.end - group.start)
  if (group.end === highest || !hasCompany) return
  while (beside.end === beside.start) {
    group.slideUp(classes)
    beside.previous()
  }
}

/** The lines between two unchanged lines that follow each other among the unchanged: often none. */
class Group {
  start = 0
  end = 0
  readonly #flags: Uint8Array

  constructor(flags: Uint8Array) {
    this.#flags = flags
    this.#takeBelow()
  }

  /** Goes to the next group; false behind the last. */
  next(): boolean {
    if (this.end >= this.#flags.length - 1) return false
    this.start = this.end + 1
    this.end = this.start
    this.#takeBelow()
    return true
  }

  previous(): void {
    this.end = this.start - 1
    this.start = this.end
    this.#takeAbove()
  }

  /** Slides by one line, if the lines are such, and takes in a group that it then touches. */
  slideUp(classes: Int32Array): boolean {
    if (this.start === 0 || classes[this.start - 1] !== classes[this.end - 1]) return false
    this.#flags[--this.start] = 1
    this.#flags[--this.end] = 0
    this.#takeAbove()
    return true
  }

  slideDown(classes: Int32Array): boolean {
    if (this.end >= classes.length || classes[this.start] !== classes[this.end]) return false
    this.#flags[this.start++] = 0
    this.#flags[this.end++] = 1
    this.#takeBelow()
    return true
  }

  #takeAbove(): void {
    while (this.#flags[this.start - 1] === 1) this.start--
  }

  #takeBelow(): void {
    while (this.#flags[this.end] === 1) this.end++
  }
}
