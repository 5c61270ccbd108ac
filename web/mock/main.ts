// npm run mock: the dashboard of dist/ over a Berth in memory. MOCK_PORT (4700), MOCK_FRESH=1 for an
// instance that is not set up. Sign in as ada@example.com, password "correct horse battery".
import { startMock } from './server'

const mock = await startMock({
  port: Number(process.env.MOCK_PORT ?? 4700),
  dist: 'dist',
  fresh: process.env.MOCK_FRESH === '1',
})
console.log(`mock Berth on http://localhost:${mock.port}`)
if (mock.world.projects.length > 0) {
  const row = mock.world.projects.at(-1)!
  const loud = mock.world.loud(row, 100_000, 10_000)
  console.log(`100,000 lines: /p/${row.project.name}/d/${loud.deployment.id}`)
}
