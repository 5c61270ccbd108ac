// The commands alone, as a program: what cli_test.cpp starts. Builds are played.
#include "cli/cli.hpp"

namespace {

using namespace berth;
using namespace berth::cli;

void say(const LocalBuildWatcher& watcher, jobs::Step step, std::string text,
         jobs::LineStream stream = jobs::LineStream::system,
         jobs::Level level = jobs::Level::info) {
    watcher.line({.stream = stream, .level = level, .step = step, .text = std::move(text)});
}

std::string words_of(const LocalBuild& wanted) {
    std::string words = fmt::format("{} in {}, {}, {}", wanted.project_name,
                                    wanted.root.empty() ? "the top" : wanted.root,
                                    wanted.environment, wanted.use_caches ? "warm" : "cold");
    if (wanted.settings.build_command) words += ", build '" + *wanted.settings.build_command + "'";
    if (wanted.settings.node) words += ", Node " + *wanted.settings.node;
    for (const jobs::JobVariable& variable : wanted.variables) {
        words += fmt::format(", {}={}{}", variable.key, variable.value,
                             variable.sensitive ? " (sensitive)" : "");
    }
    return words;
}

/// "exit 3" fails as a command would, the framework "slow" is interrupted.
Outcome<LocalBuildEnd> play(const LocalBuild& wanted, const LocalBuildWatcher& watcher) {
    watcher.tick("preparing");
    say(watcher, jobs::Step::prepare, "Preparing " + words_of(wanted));
    say(watcher, jobs::Step::build, "$ vite build");
    if (wanted.settings.framework == "slow") {
        return problem(Exit::interrupted, "canceled", "interrupted; the build was canceled");
    }
    say(watcher, jobs::Step::build, "\x1b[32mvite\x1b[0m v8", jobs::LineStream::out);
    LocalBuildEnd end;
    end.plan.framework.value = "vite";
    end.steps = {{"clone", 321}, {"build", 61'200}};
    if (wanted.settings.build_command == "exit 3") {
        say(watcher, jobs::Step::build, "Failed: `exit 3` exited with code 3",
            jobs::LineStream::system, jobs::Level::error);
        end.finish = {.reason = jobs::Reason::build_failed,
                      .detail = "`exit 3` exited with code 3",
                      .first_error = "src/a.ts(1,1): error TS2304",
                      .next_step = "Correct src/a.ts.",
                      .exit_code = 3};
        return end;
    }
    if (wanted.settings.build_command == "heavy") {
        end.finish.checks = {{.kind = jobs::CheckKind::size,
                              .subject = "**/*.js",
                              .declared = "berth.toml:3",
                              .limit = "at most 50.0 kB",
                              .found = "98.8 kB in 1 file"}};
    }
    end.finish.state = jobs::State::ready;
    end.finish.manifest.emplace();
    end.finish.manifest->files["index.html"] = {.sha256 = "aa", .bytes = 1'234};
    end.finish.manifest->files["assets/a.js"] = {.sha256 = "bb", .bytes = 98'765};
    return end;
}

}  // namespace

int main(int argc, char** argv) {
    return run_cli(argc, argv, {}, play);
}
