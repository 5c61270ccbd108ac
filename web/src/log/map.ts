import type { LogStore } from './store'

/** Where errors and warnings lie in the whole, beside the scroll bar. Loaded with the first of them. */
export const paintMap = (map: HTMLCanvasElement, store: LogStore) => {
  const ratio = devicePixelRatio
  map.width = map.clientWidth * ratio
  map.height = map.clientHeight * ratio
  const context = map.getContext('2d')
  if (!context) return
  const style = getComputedStyle(map)
  const draw = (numbers: { length: number; at: (i: number) => number }, colour: string) => {
    context.fillStyle = colour
    const step = Math.max(1, Math.floor(numbers.length / 2000))
    for (let i = 0; i < numbers.length; i += step) {
      const y = Math.floor((numbers.at(i) / Math.max(1, store.count)) * (map.height - 3))
      context.fillRect(0, y, map.width, 2 * ratio)
    }
  }
  draw(store.warnings, style.textDecorationColor)
  draw(store.errors, style.color)
}
