"""What a deployment costs beside the bare commands and beside `vercel build`, on repositories out of public
templates: cold, with packages that did not change, and with nothing that changed.

- cold: nothing kept, toolchain present; by hand `npm ci && npm run build` in a new checkout, npm's
  cache and the home empty.
- warm: one source file changed; by hand the same commands, npm's cache filled.
- code only: the same deployments; by hand the build command alone, packages and the bundler's caches in place.
- no change: the same commit once more; from the log's line that names the commit until the deployment is ready."""

import statistics

from byhand import BUILD, INSTALL, Hand, Vercel
from figures import Figure, number
from frameworks import RECIPES, comment
from stage import say
from templates import packages_in, repository

COLD_S = 0.5
CODE_FACTOR, CODE_S = 1.05, 0.3
NO_CHANGE_MS = 150


class Project:
    """One recipe's repository on all sides."""

    def __init__(self, stage, recipe, vercel):
        self.stage, self.recipe, self.vercel = stage, recipe, vercel
        self.name = f"bench-{recipe.name}"
        self.files = repository(recipe, stage.registry)
        self.source = self.files[recipe.edit]
        self.round = 0
        self.no_vercel = vercel.why_not
        self.hands = {side: Hand(stage.registry, self.files) for side in ("by hand", "vercel build")}
        vercel.furnish(self.hands["vercel build"], recipe.vercel)

    def edit(self):
        """The next commit, everywhere."""
        self.round += 1
        text = comment(self.recipe.edit, f"round {self.round} of {id(self)}")
        self.files[self.recipe.edit] = self.source + text.encode()
        self.stage.git.commit(self.name, self.files)
        for hand in self.hands.values():
            hand.commit({self.recipe.edit: self.files[self.recipe.edit]})

    def deploy(self, **body):
        """→ (its meter, the deployment as it ended); wall from asking for it until it is ready"""
        meter = self.stage.meter()
        with meter:
            deployment, asked = self.stage.deploy(self.name, **body)
            ended = self.stage.ended_well(deployment)
        meter.seconds = ended["finished_at_ms"] / 1000 - asked
        return meter, ended

    def by_vercel(self):
        if self.no_vercel:
            return None
        try:
            return self.hands["vercel build"].run(self.vercel.command)
        except RuntimeError as wrong:
            self.no_vercel = " ".join(str(wrong).split())[-300:]
            return None

    def close(self):
        for hand in self.hands.values():
            hand.close()


def _steps(ended):
    return {step["name"]: (step["end_ms"] - step["begin_ms"]) / 1000 for step in ended["steps"]
            if step.get("begin_ms") and step.get("end_ms")}


class Round:
    """What one round measured, by scenario and side."""

    def __init__(self, project, berth_first):
        self.meters, self.steps = {}, {}
        self._project, self._berth_first = project, berth_first

    def _pair(self, scenario, deploy, hand):
        for turn in (deploy, hand) if self._berth_first else (hand, deploy):
            turn()
        line = ", ".join(f"{side} {meter.seconds:.2f} s" for (name, side), meter in self.meters.items()
                         if name == scenario and meter)
        say(f"builds: {self._project.recipe.name}, {scenario}: {line}")

    def _deploy(self, scenario, installs, **body):
        stage = self._project.stage
        meter, ended = self._project.deploy(**body)
        self.meters[scenario, "Berth"] = meter
        self.steps[scenario] = _steps(ended)
        log = stage.berth.log_text(ended["id"])
        if ("Installed in" in log) != installs:
            raise RuntimeError(f"{scenario}: the install was {'not ' if installs else ''}run:\n{log[-2000:]}")
        stage.settle(self._project.name, {"install"})

    def cold(self):
        project = self._project
        project.edit()
        project.stage.clear_caches(project.name)

        def by_hand():
            for hand in project.hands.values():
                hand.forget_all()
            self.meters["cold", "by hand"] = project.hands["by hand"].run(INSTALL, BUILD)
            self.meters["cold", "vercel build"] = project.by_vercel()

        self._pair("cold", lambda: self._deploy("cold", installs=True, use_caches=False), by_hand)

    def code(self):
        project = self._project
        project.edit()

        def by_hand():
            hand = project.hands["by hand"]
            self.meters["code", "by hand"] = hand.run(BUILD)
            self.meters["code", "vercel build"] = project.by_vercel()
            hand.forget_packages()
            self.meters["warm", "by hand"] = hand.run(INSTALL, BUILD)

        self._pair("code", lambda: self._deploy("code", installs=False), by_hand)
        self.meters["warm", "Berth"] = self.meters["code", "Berth"]

    def no_change(self):
        project = self._project
        meter, ended = project.deploy()
        if not ended["reused_deployment"]:
            raise RuntimeError(f"{project.name}: the same commit was built again")
        lines = project.stage.log_lines(ended["id"])
        known = next(line["at_ms"] for line in lines if line["text"].startswith("Commit "))
        self.meters["no change", "Berth"] = meter
        self.no_change_ms = ended["finished_at_ms"] - known


def _middle(rounds, scenario, side, of):
    values = [of(one.meters[scenario, side]) for one in rounds if one.meters.get((scenario, side))]
    return statistics.median(values) if values else None


def _costs(rounds, scenario):
    """A line for each side."""
    lines = []
    for side in ("Berth", "by hand", "vercel build"):
        wall = _middle(rounds, scenario, side, lambda meter: meter.seconds)
        if wall is None:
            continue
        cpu = _middle(rounds, scenario, side, lambda meter: meter.cpu)
        memory = _middle(rounds, scenario, side, lambda meter: meter.memory) / (1 << 20)
        fetched = _middle(rounds, scenario, side, lambda meter: meter.fetched) / (1 << 20)
        lines.append(f"{side:<12} {number(wall):>6} s wall, {number(cpu):>6} s processor, "
                     f"{memory:.0f} MiB at most, {fetched:.1f} MiB fetched")
    steps = [one.steps[scenario] for one in rounds if scenario in one.steps]
    if steps:
        lines.append("steps of Berth: " + ", ".join(
            f"{name} {statistics.median(s.get(name, 0) for s in steps):.2f}" for name in steps[0]))
    return lines


def _differences(rounds, scenario, factor=1.0):
    return [one.meters[scenario, "Berth"].seconds - factor * one.meters[scenario, "by hand"].seconds
            for one in rounds]


def _figures(project, rounds):
    name = project.recipe.name
    packages = packages_in(project.files)
    without = f"; no vercel build: {project.no_vercel}" if project.no_vercel else ""
    return [
        Figure(f"{name}, cold: Berth − by hand", "s", _differences(rounds, "cold"), target=COLD_S,
               note=f"{packages} packages{without}", table=_costs(rounds, "cold")),
        Figure(f"{name}, warm: Berth − by hand", "s", _differences(rounds, "warm"),
               table=_costs(rounds, "warm")),
        Figure(f"{name}, code only: Berth − {CODE_FACTOR} build", "s",
               _differences(rounds, "code", CODE_FACTOR), target=CODE_S, table=_costs(rounds, "code")),
        Figure(f"{name}, no change", "ms", [one.no_change_ms for one in rounds], target=NO_CHANGE_MS,
               table=_costs(rounds, "no change")),
    ]


def _measure(stage, recipe, vercel):
    project = Project(stage, recipe, vercel)
    try:
        say(f"builds: {recipe.name}: first import, not measured")
        stage.project(project.name, project.files)
        stage.settle(project.name, {"install", "downloads", "repository"})
        rounds = []
        for turn in range(stage.rounds):
            one = Round(project, berth_first=turn % 2 == 0)
            one.cold()
            one.code()
            one.no_change()
            rounds.append(one)
        return _figures(project, rounds)
    finally:
        project.close()


def run(stage):
    stage = stage.installs
    chosen = [recipe for recipe in RECIPES if stage.only.search(recipe.name)]
    if not chosen:
        raise RuntimeError("--only names none of " + ", ".join(recipe.name for recipe in RECIPES))
    vercel, figures, broken = Vercel(), [], []
    for recipe in chosen:
        try:
            figures += _measure(stage, recipe, vercel)
        except Exception as wrong:  # one template's failure must not lose the others' figures
            broken.append(f"{recipe.name}: {type(wrong).__name__}: {wrong}")
            say(f"builds: {broken[-1]}")
    if not figures:
        raise RuntimeError("\n".join(broken))
    figures[-1].table += [f"NOT MEASURED: {line}" for line in broken]
    return figures
