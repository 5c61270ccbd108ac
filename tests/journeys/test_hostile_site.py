"""A really deployed hostile site against the dashboard of the person who visits it."""

import os
import subprocess
import unittest

from berth import EMAIL, PASSWORD, ROOT
from shared import Journey

PAGE = """<!doctype html><title>working</title><body><script>
const api = 'http://localhost:PORT/api/v1';
const results = [];
const attempt = async (name, work) => {
  let outcome = 'refused';
  try { outcome = await work(); } catch { }
  results.push(name + ' ' + outcome);
};
const json = {method: 'POST', credentials: 'include', headers: {'Content-Type': 'application/json'},
              body: JSON.stringify({name: 'stolen', scope: 'admin'})};
(async () => {
  await attempt('read tokens', async () => (await (await fetch(api + '/tokens', {credentials: 'include'})).text()) ? 'WORKED' : 'refused');
  await attempt('make a token, json', async () => (await fetch(api + '/tokens', json)).ok ? 'WORKED' : 'refused');
  await attempt('make a token, blind', async () => { await fetch(api + '/tokens', {...json, mode: 'no-cors', headers: {}}); return 'refused'; });
  await attempt('deploy, blind', async () => { await fetch(api + '/projects/victim/deployments', {method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}'}); return 'refused'; });
  await attempt('form', async () => {
    const frame = document.createElement('iframe'); frame.name = 'f'; document.body.append(frame);
    const form = document.createElement('form'); form.method = 'POST'; form.target = 'f';
    form.action = api + '/projects/victim/deployments'; form.enctype = 'text/plain';
    const field = document.createElement('input'); field.name = '{"x":"'; field.value = '"}';
    form.append(field); document.body.append(form); form.submit();
    await new Promise(r => setTimeout(r, 1500)); return 'refused';
  });
  await attempt('listen to events', () => new Promise(resolve => {
    const socket = new WebSocket(api.replace('http', 'ws') + '/events');
    socket.onopen = () => resolve('WORKED'); socket.onerror = () => resolve('refused');
  }));
  await attempt('toss a cookie', async () => { document.cookie = 'berth_access=evil; domain=localhost; path=/'; return 'refused'; });
  document.title = 'done ' + results.join(' | ');
})();
</script>"""


class HostileSite(Journey):
    def test_a_site_cannot_act_as_its_visitor(self):
        victim = self.git.repository("victim", {"index.html": "victim"})
        self.assertEqual(self.berth.imported(victim, "victim")[1].returncode, 0)
        page = PAGE.replace("PORT", str(self.berth.port))
        url = self.git.repository("hostile", {"index.html": page})
        self.assertEqual(self.berth.imported(url, "hostile")[1].returncode, 0)
        tokens = self.berth.api("GET", "/tokens")["items"]
        deployments = self.berth.api("GET", "/projects/victim/deployments")["items"]

        environment = dict(
            os.environ, PATH=f"{ROOT}/build/toolchain/node/bin:" + os.environ["PATH"],
            BERTH_URL=self.berth.url, BERTH_EMAIL=EMAIL, BERTH_PASSWORD=PASSWORD,
            BERTH_SITE=f"http://hostile.localhost:{self.berth.port}/")
        done = subprocess.run(["node", "e2e/run.mjs", "hostile"], cwd=ROOT / "web", env=environment,
                              capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("own session 200", done.stdout)
        self.assertEqual([t["id"] for t in self.berth.api("GET", "/tokens")["items"]],
                         [t["id"] for t in tokens])
        self.assertEqual(len(self.berth.api("GET", "/projects/victim/deployments")["items"]),
                         len(deployments))


if __name__ == "__main__":
    unittest.main()
