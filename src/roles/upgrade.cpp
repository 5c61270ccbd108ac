#include "roles/upgrade.hpp"

#include <signal.h>

#include <algorithm>

#include "base/log.hpp"
#include "roles/next_program.hpp"
#include "roles/upgrade_status.hpp"
#include "roles/version.hpp"

namespace berth::roles {

Upgrade::Upgrade(std::string verb, std::vector<std::string> words, std::optional<Handover> handed)
    : verb_(std::move(verb)),
      words_(std::move(words)),
      program_(handed ? handed->program : program_path()),
      handed_(std::move(handed)) {}

std::vector<std::string> Upgrade::command() const {
    std::vector<std::string> command{verb_};
    command.insert(command.end(), words_.begin(), words_.end());
    return command;
}

void Upgrade::begin(const std::string& status_path, Handover now) const {
    UpgradeStatus status{.number = read_upgrade_status(status_path).number + 1,
                         .from = own_version()};
    write_upgrade_status(status_path, status);
    const Result<NextProgram> next = NextProgram::check(program_, words_);
    Error refused;
    if (!next) {
        refused = next.error();
    } else if (!next->is_unchanged()) {
        refused = fail(Failure::conflict, "{} was changed while it was looked at", program_);
    } else {
        status.state = UpgradeState::replacing;
        status.to = next->version();
        write_upgrade_status(status_path, status);
        log::info("upgrading", {{"from", status.from}, {"to", status.to}, {"program", program_}});
        const Fd own = own_program();
        now.kind = HandoverKind::upgrade;
        now.number = status.number;
        now.version = own_version();
        now.program = program_;
        now.previous = own.get();
        refused = become(program_, command(), now);
    }
    status.state = UpgradeState::refused;
    status.why = refused.message;
    write_upgrade_status(status_path, status);
    log::error("upgrade refused; nothing has changed", {{"why", status.why}});
}

void Upgrade::settle(const std::string& status_path) {
    settled_ = true;
    UpgradeStatus status{.number = handed_->number,
                         .state = UpgradeState::done,
                         .from = handed_->version,
                         .to = own_version()};
    if (handed_->kind == HandoverKind::give_back) {
        status = {.number = handed_->number,
                  .state = UpgradeState::failed,
                  .from = own_version(),
                  .to = handed_->version,
                  .why = handed_->why};
        log::error("upgrade failed; this Berth goes on",
                   {{"version", own_version()}, {"why", status.why}});
    } else {
        log::info("upgraded", {{"from", status.from}, {"to", status.to}});
    }
    write_upgrade_status(status_path, status);
    close_handed(*handed_);
}

void Upgrade::give_back(const std::string& why, const Supervisor* supervisor) const {
    if (!handed_ || settled_ || handed_->previous < 0) return;
    Handover back = *handed_;
    back.kind = HandoverKind::give_back;
    back.version = own_version();
    back.why = why;
    back.previous = -1;
    if (supervisor != nullptr) {
        back.roles = handed_roles(*supervisor);
        for (HandedRole& process : back.roles) {
            const auto before = std::ranges::find(handed_->roles, process.pid, &HandedRole::pid);
            const bool ours = before == handed_->roles.end();
            process.leaving = ours || before->leaving;
            if (ours) ::kill(process.pid, SIGTERM);
        }
    }
    log::error("the upgrade is given back", {{"why", why}});
    const std::string program = fmt::format("/proc/self/fd/{}", handed_->previous);
    const Error refused = become(program, command(), back);
    log::error("the program before cannot go on", {{"why", refused.message}});
}

std::vector<HandedRole> handed_roles(const Supervisor& supervisor) {
    std::vector<HandedRole> roles;
    for (const Supervisor::Running& process : supervisor.running())
        roles.push_back({process.role, process.pid, process.leaving});
    return roles;
}

}  // namespace berth::roles
