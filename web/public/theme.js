// Runs before the first paint, so that a chosen scheme does not flash. A file of its own because the
// content policy allows no inline script.
try {
  const theme = localStorage.getItem('berth.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // storage is blocked: follow the system
}
