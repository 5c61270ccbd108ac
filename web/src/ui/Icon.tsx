// Our own drawings on a grid of 16; stroke follows the text colour.
const shapes = {
  plus: 'M8 3v10M3 8h10',
  check: 'M3.5 8.5l3 3 6-7',
  cross: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.3L14 14',
  external:
    'M6 3H3.5a1 1 0 0 0-1 1v8.5a1 1 0 0 0 1 1H12a1 1 0 0 0 1-1V10M9.5 2.5h4v4M13.2 2.8L7.5 8.5',
  copy: 'M6 5.5h6.5a1 1 0 0 1 1 1V13a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1zM3 10.5a1 1 0 0 1-1-1V3a1 1 0 0 1 1-1h6.5a1 1 0 0 1 1 1',
  dots: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  branch:
    'M4.5 5.5v5M4.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM4.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11.5 7a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM11.5 7c0 2.5-3 2-6 3.8',
  commit: 'M8 10.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 8h4M10.5 8h4',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 4.8V8l2.2 1.5',
  back: 'M6.5 3.5L2.5 7.5l4 4M2.5 7.5H10a3.5 3.5 0 0 1 0 7H8',
  redo: 'M13.5 3v3.5H10M13.2 6.3A5.5 5.5 0 1 0 13.5 9',
  down: 'M4 6l4 4 4-4',
  right: 'M6 4l4 4-4 4',
  arrow_down: 'M8 2.5v10.5M3.5 8.8L8 13.3l4.5-4.5',
  download: 'M8 2v8M4.5 7L8 10.3 11.5 7M2.5 13.5h11',
  warning: 'M8 2.2l6.3 11.3H1.7L8 2.2zM8 6.5v3M8 11.6v.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.4M8 5.2v.01',
  key: 'M10 9.5a3.5 3.5 0 1 0-3.3-2.3L2 12v2h2.5v-1.5H6V11l1.4-1.6a3.5 3.5 0 0 0 2.6.1zM10.8 5.3v.01',
  users:
    'M6 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM1.5 13.5c.3-2.5 2-4 4.5-4s4.2 1.5 4.5 4M10.5 3.2a2.5 2.5 0 0 1 0 4.7M12 9.8c1.5.5 2.3 1.8 2.5 3.7',
  grid: 'M2.5 2.5h4.5v4.5H2.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5H2.5zM9 9h4.5v4.5H9z',
  gear: 'M8 10.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6zM8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4',
  home: 'M2.5 7.3L8 2.5l5.5 4.8v6.2h-3.8V10H6.3v3.5H2.5z',
  list: 'M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01',
  sliders:
    'M2.5 4.5h6M11.5 4.5h2M2.5 11.5h2M7.5 11.5h6M10 6a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM6 13a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z',
  braces:
    'M6 2.5c-2 0-2 1-2 2.3C4 6.5 4 7.5 2.5 8 4 8.5 4 9.5 4 11.2c0 1.3 0 2.3 2 2.3M10 2.5c2 0 2 1 2 2.3 0 1.7 0 2.7 1.5 3.2C12 8.5 12 9.5 12 11.2c0 1.3 0 2.3-2 2.3',
  device: 'M2.5 3h11v7.5h-11zM6 13.5h4M8 10.5v3',
  wrap: 'M2.5 4h11M2.5 8h9a2.2 2.2 0 0 1 0 4.4H8M9.8 10.6L8 12.4l1.8 1.8M2.5 12h2.5',
  stop: 'M4 4h8v8H4z',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1z',
  lock: 'M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5',
  rocket:
    'M8 10.5L5.5 8C6 5 8 2.5 13.5 2.5 13.5 8 11 10 8 10.5zM5.5 8H3l1.5-2.5H6.5M8 10.5V13l2.5-1.5V9.5M4 12c-.8.5-1.5 2-1.5 2s1.5-.7 2-1.5',
  file: 'M4 2h5l3.5 3.5V14H4zM9 2v3.5h3.5',
  out: 'M6 13.5H3.5a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1H6M10.5 11l3-3-3-3M13.5 8H6.5',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
} as const

export type IconName = keyof typeof shapes

export function Icon({ name, className = 'size-4' }: { name: IconName; className?: string }) {
  const heavy = name === 'dots' || name === 'list'
  return (
    <svg
      viewBox="0 0 16 16"
      aria-hidden="true"
      focusable="false"
      className={`shrink-0 ${className}`}
      fill="none"
      stroke="currentColor"
      strokeWidth={heavy ? 1.8 : 1.4}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={shapes[name]} />
    </svg>
  )
}
