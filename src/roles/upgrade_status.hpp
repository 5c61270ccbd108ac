#pragma once
/// How the last upgrade of a running `berth serve` went: DATA/upgrade.json, written by its
/// supervisor, read by `berth upgrade`.

#include <cstdint>
#include <string>

#include "base/json.hpp"

namespace berth::roles {

enum class UpgradeState {
    checking,   // the program at the path is looked at
    replacing,  // it runs, and replaces the roles
    done,       // edge and api are its own; the worker follows when its builds have ended
    refused,    // nothing changed
    failed,     // the program before runs on, with its edge
};
BOOST_DESCRIBE_ENUM(UpgradeState, checking, replacing, done, refused, failed)

struct UpgradeStatus {
    std::int64_t number = 0;  // of the attempt, since the data directory was made
    UpgradeState state = UpgradeState::checking;
    std::string from{};  // versions
    std::string to{};
    std::string why{};  // refused, failed
};
BOOST_DESCRIBE_STRUCT(UpgradeStatus, (), (number, state, from, to, why))

/// An empty one when there was no upgrade so far, or it cannot be read.
UpgradeStatus read_upgrade_status(const std::string& path);

/// Replaces it; what the disk refuses is logged.
void write_upgrade_status(const std::string& path, const UpgradeStatus& status);

}  // namespace berth::roles
