/** A number for people, in English: `1,200`. Not by `toLocaleString`, whose first use loads a language for 25 ms. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** A number with what is counted, in English: `1 key`, `1,200 keys`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}
