import 'uplot/dist/uPlot.min.css'
import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'

import { exact } from '../format'

export interface Line {
  label: string
  /** Of the legend, and through it of the line. */
  tone: 'text-accent' | 'text-ok' | 'text-warn' | 'text-bad'
  /** One for each time; null: nothing was measured. */
  values: (number | null)[]
}

const height = 200

/** What the themes make of a tone; a canvas knows no variables. */
const colourOf = (element: Element | null | undefined) =>
  element ? getComputedStyle(element).color : ''

const optionsOf = (
  labels: Element,
  lines: Line[],
  show: (value: number) => string,
  dots: boolean,
  point: (at: number | null) => void,
): Omit<uPlot.Options, 'width'> => {
  const ink = () => colourOf(labels)
  const grid = { stroke: () => colourOf(labels.querySelector('[data-grid]')), width: 1 }
  const font = `12px ${getComputedStyle(document.body).fontFamily}`
  const axis: uPlot.Axis = { stroke: ink, grid, ticks: { ...grid, size: 4 }, font }
  return {
    height,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [axis, { ...axis, size: 64, values: (_, splits) => splits.map((value) => show(value)) }],
    series: [
      {},
      ...lines.map((_, at) => ({
        stroke: () => colourOf(labels.querySelectorAll('[data-line]')[at]),
        width: 1.5,
        points: { show: dots, size: 5 },
        spanGaps: dots,
      })),
    ],
    hooks: { setCursor: [(plot) => point(plot.cursor.idx ?? null)] },
  }
}

/** Lines over time. Drag to look closer, click twice to see all again. */
export default function Plot({
  label,
  times_ms,
  lines,
  show,
  dots = false,
}: {
  label: string
  times_ms: number[]
  lines: Line[]
  show: (value: number) => string
  /** Times apart from each other: each is marked, and gaps are drawn over. */
  dots?: boolean
}) {
  const place = useRef<HTMLDivElement>(null)
  const labels = useRef<HTMLElement>(null)
  const drawn = useRef<uPlot>(undefined)
  const [at, point] = useState<number | null>(null)
  const names = lines.map((line) => line.label).join()

  // The plot stays while its figures change: who looks closer goes on doing so.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lines are told apart by their names
  useEffect(() => {
    if (!place.current || !labels.current) return
    const plot = new uPlot(
      { ...optionsOf(labels.current, lines, show, dots, point), width: place.current.clientWidth },
      [[], ...lines.map(() => [])],
      place.current,
    )
    drawn.current = plot
    const fit = new ResizeObserver(([entry]) =>
      plot.setSize({ width: entry!.contentRect.width, height }),
    )
    fit.observe(place.current)
    const redraw = () => plot.redraw(false)
    const themes = new MutationObserver(redraw)
    themes.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', redraw)
    return () => {
      fit.disconnect()
      themes.disconnect()
      dark.removeEventListener('change', redraw)
      plot.destroy()
    }
  }, [names])

  useEffect(() => {
    drawn.current?.setData([
      times_ms.map((time) => time / 1000),
      ...lines.map((line) => line.values),
    ])
  }, [times_ms, lines])

  const shown = (line: Line) => {
    const value = at === null ? null : line.values[at]
    return value == null ? '' : ` ${show(value)}`
  }
  return (
    <figure>
      <div ref={place} role="img" aria-label={label} className="h-50" />
      <figcaption
        ref={labels}
        className="tabular mt-3 flex min-h-5 flex-wrap gap-x-4 gap-y-1 text-[13px] text-muted"
      >
        <span data-grid hidden className="text-line" />
        {lines.map((line) => (
          <span key={line.label} className="inline-flex items-center gap-1.5">
            <svg viewBox="0 0 8 8" data-line className={`size-2 ${line.tone}`} aria-hidden="true">
              <rect width={8} height={8} className="fill-current" />
            </svg>
            {line.label}
            {shown(line)}
          </span>
        ))}
        {at !== null && times_ms[at] && <span className="ml-auto">{exact(times_ms[at])}</span>}
      </figcaption>
    </figure>
  )
}
