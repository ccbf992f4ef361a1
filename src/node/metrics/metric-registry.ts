/** What one measurement is about: values by label name. */
export type Labels = Record<string, string>

/** A number that only grows. */
export interface Counter {
  add(value: number, labels?: Labels): void
}

/** How often values up to each bound were seen, how many in all, and their sum. */
export interface Histogram {
  observe(value: number, labels?: Labels): void
}

/** One value of a metric that is read when it is asked for. */
export interface Sample {
  labels?: Labels
  value: number
}

/** The metrics of a process, in the text format of Prometheus (version 0.0.4). */
export interface MetricRegistry {
  counter(name: string, help: string): Counter
  histogram(name: string, help: string, bounds: readonly number[]): Histogram
  /** A metric whose values are read at each scrape. */
  read(name: string, help: string, type: 'gauge' | 'counter', read: () => Sample[] | Promise<Sample[]>): void
  text(): Promise<string>
}

/** What `text` is served as. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** An empty registry. A name that is taken, or not one of Prometheus, is a TypeError. */
export function createMetricRegistry(): MetricRegistry {
  const families = new Map<string, () => Promise<string>>()
  const add = (name: string, help: string, type: string, lines: () => string[] | Promise<string[]>): void => {
    if (families.has(name) || !/^[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`not a new metric: ${name}`)
    const head = `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
    families.set(name, async () => head + (await lines()).map((line) => `${line}\n`).join(''))
  }
  return {
    counter(name, help) {
      const values = new Map<string, number>()
      add(name, help, 'counter', () => [...values].map(([labels, value]) => `${name}${labels} ${value}`))
      return {
        add(value, labels) {
          const key = labelText(labels)
          values.set(key, (values.get(key) ?? 0) + value)
        },
      }
    },
    histogram(name, help, bounds) {
      const series = new Map<string, { labels: Labels; buckets: number[]; count: number; sum: number }>()
      add(name, help, 'histogram', () =>
        [...series.values()].flatMap(({ labels, buckets, count, sum }) => [
          ...bounds.map((bound, at) => `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${buckets[at]}`),
          `${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${count}`,
          `${name}_sum${labelText(labels)} ${sum}`,
          `${name}_count${labelText(labels)} ${count}`,
        ]),
      )
      return {
        observe(value, labels = {}) {
          const key = labelText(labels)
          const found = series.get(key) ?? { labels, buckets: bounds.map(() => 0), count: 0, sum: 0 }
          series.set(key, found)
          for (const [at, bound] of bounds.entries()) if (value <= bound) found.buckets[at]!++
          found.count++
          found.sum += value
        },
      }
    },
    read(name, help, type, read) {
      add(name, help, type, async () =>
        (await read()).map(({ labels, value }) => `${name}${labelText(labels)} ${value}`),
      )
    },
    async text() {
      return (await Promise.all([...families.values()].map((family) => family()))).join('')
    },
  }
}

function labelText(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeValue(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
