import { InvalidError } from '../../model/errors.ts'
import type { Wrapping } from './template-layout.ts'

/** Reads the value of `shortlog -w`: width, indent of the first line, indent of the others. InvalidError `usage`. */
export function readLineWidths(text: string): Wrapping {
  const match = /^(\d*)(?:,(\d*)(?:,(\d*))?)?$/.exec(text)
  const [columns, first, rest] = [match?.[1], match?.[2], match?.[3]].map((digits) => digits || undefined)
  const widths = { columns: Number(columns ?? 76), first: Number(first ?? 6), rest: Number(rest ?? 9) }
  if (match !== null && (widths.columns === 0 || widths.columns > Math.max(widths.first, widths.rest))) return widths
  throw new InvalidError('usage', `-w wants WIDTH,FIRST,REST, not "${text}"`, {
    hint: 'write it like -w76,6,9: the width must be more than both indents',
  })
}
