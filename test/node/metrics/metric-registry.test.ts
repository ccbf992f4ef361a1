import { describe, expect, it } from 'vitest'

import { createMetricRegistry } from '../../../src/node/metrics/metric-registry.ts'

describe('the text for Prometheus', () => {
  it('has help, type and a line for each combination of labels', async () => {
    const metrics = createMetricRegistry()
    const served = metrics.counter('served_total', 'What was served.\nSecond line \\ .')
    served.add(1, { to: 'a' })
    served.add(2.5, { to: 'a' })
    served.add(1, { to: 'quote " backslash \\ newline \n' })
    metrics.read('open', 'What is open.', 'gauge', async () => [{ value: 3 }])
    expect(await metrics.text()).toBe(
      [
        '# HELP served_total What was served.\\nSecond line \\\\ .',
        '# TYPE served_total counter',
        'served_total{to="a"} 3.5',
        'served_total{to="quote \\" backslash \\\\ newline \\n"} 1',
        '# HELP open What is open.',
        '# TYPE open gauge',
        'open 3',
        '',
      ].join('\n'),
    )
  })

  it('counts what is at most each bound, all, and the sum', async () => {
    const metrics = createMetricRegistry()
    const durations = metrics.histogram('seconds', 'How long.', [0.1, 1])
    for (const value of [0.05, 0.1, 0.5, 7]) durations.observe(value, { kind: 'x' })
    expect((await metrics.text()).split('\n').slice(2, -1)).toEqual([
      'seconds_bucket{kind="x",le="0.1"} 2',
      'seconds_bucket{kind="x",le="1"} 3',
      'seconds_bucket{kind="x",le="+Inf"} 4',
      'seconds_sum{kind="x"} 7.65',
      'seconds_count{kind="x"} 4',
    ])
  })

  it('wants names that are new and valid', () => {
    const metrics = createMetricRegistry()
    metrics.counter('twice', 'x')
    expect(() => metrics.counter('twice', 'x')).toThrow(TypeError)
    expect(() => metrics.counter('not-valid', 'x')).toThrow(TypeError)
  })
})
