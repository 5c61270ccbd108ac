const pad = (n: number, width: number) => String(n).padStart(width, '0')

export const sinceStart = (ms: number) => {
  const minutes = Math.floor(ms / 60_000)
  return `${minutes}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`
}

export const clock = (ms: number) => {
  const at = new Date(ms)
  return `${at.toTimeString().slice(0, 8)}.${pad(at.getMilliseconds(), 3)}` // "14:07:09 GMT+…"
}
