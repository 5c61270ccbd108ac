"""Eight deployments at once beside the same eight builds by hand at once: Vite react-ts, nothing kept."""

import threading
import time

from byhand import BUILD, INSTALL, Hand
from figures import Figure
from frameworks import RECIPES, comment
from stage import say
from templates import repository

COUNT = 8
TARGET = 0.9


class Crowd:
    def __init__(self, stage):
        recipe = next(recipe for recipe in RECIPES if recipe.name == "vite-react-ts")
        self.stage, self.edited = stage, recipe.edit
        self.files = repository(recipe, stage.registry)
        self.source = self.files[recipe.edit]
        self.names = [f"bench-crowd-{i}" for i in range(COUNT)]
        self.hands = [Hand(stage.registry, self.files) for _ in self.names]
        for name in self.names:
            stage.project(name, self.files)

    def by_berth(self, turn):
        """Seconds from asking for the first until the last is ready."""
        for name in self.names:
            text = comment(self.edited, f"round {turn} of {name} at {time.time_ns()}")
            self.stage.git.commit(name, {**self.files, self.edited: self.source + text.encode()})
            self.stage.clear_caches(name)
        made = [self.stage.deploy(name) for name in self.names]
        ended = [self.stage.ended_well(deployment) for deployment, _ in made]
        return max(one["finished_at_ms"] for one in ended) / 1000 - made[0][1]

    def by_hand(self):
        for hand in self.hands:
            hand.forget_all()
        failed = []

        def build(hand):
            try:
                hand.run(INSTALL, BUILD)
            except Exception as wrong:  # said below, by whom it can end
                failed.append(wrong)

        threads = [threading.Thread(target=build, args=(hand,)) for hand in self.hands]
        begin = time.time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return time.time() - begin

    def close(self):
        for hand in self.hands:
            hand.close()


def run(stage):
    crowd = Crowd(stage.installs)
    ours, bare = [], []
    try:
        for turn in range(stage.rounds):
            for side in ("ours", "bare") if turn % 2 == 0 else ("bare", "ours"):
                if side == "ours":
                    ours.append(crowd.by_berth(turn))
                else:
                    bare.append(crowd.by_hand())
            say(f"crowd: round {turn + 1} of {stage.rounds}: Berth {ours[-1]:.2f} s, "
                f"by hand {bare[-1]:.2f} s")
    finally:
        crowd.close()
    return [
        Figure(f"{COUNT} deployments at once: Berth", "s", ours, note="all ready in every round"),
        Figure(f"{COUNT} builds at once: by hand", "s", bare, note="npm ci && npm run build, each"),
        Figure("throughput, Berth ÷ by hand", "×", [b / a for a, b in zip(ours, bare)], target=TARGET,
               relation="at least"),
    ]
