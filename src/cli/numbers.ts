import { InvalidError } from '../model/errors.ts'

/** Reads the value of an option that is a number from 0. InvalidError `usage`. */
export function readCount(option: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidError('usage', `${option} wants a number, not "${text}"`)
}
