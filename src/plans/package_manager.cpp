#include "plans/package_manager.hpp"

#include <array>

#include "plans/framework_config.hpp"
#include "plans/semver.hpp"

namespace berth::plans {
namespace {

struct LockFile {
    std::string_view name;
    Manager manager;
};
constexpr std::array<LockFile, 6> lock_files{{{"pnpm-lock.yaml", Manager::pnpm},
                                              {"yarn.lock", Manager::yarn},
                                              {"bun.lock", Manager::bun},
                                              {"bun.lockb", Manager::bun},
                                              {"package-lock.json", Manager::npm},
                                              {"npm-shrinkwrap.json", Manager::npm}}};

bool is_berry(const Survey& survey) {
    const std::string* lock = survey.file_upwards("yarn.lock");
    return survey.has_upwards(".yarnrc.yml") ||
           (lock != nullptr && lock->find("__metadata:") != lock->npos);
}

/// The first number after `word` in the head of a lock file, or 0.
unsigned number_after(const std::string* text, std::string_view word) {
    const std::size_t at = text == nullptr ? std::string::npos : text->find(word);
    if (at == std::string::npos) return 0;
    unsigned number = 0;
    std::size_t i = at + word.size();
    while (i < text->size() && std::string_view(" '\":").find((*text)[i]) != std::string::npos)
        ++i;
    for (; i < text->size() && (*text)[i] >= '0' && (*text)[i] <= '9' && number < 1000; ++i) {
        number = number * 10 + static_cast<unsigned>((*text)[i] - '0');
    }
    return number;
}

/// The version whose lock files look like this one, so that a frozen install accepts it.
std::string version_for_lock(Manager manager, const Survey& survey) {
    if (manager == Manager::pnpm) {
        const unsigned format =
            number_after(survey.file_upwards("pnpm-lock.yaml"), "lockfileVersion:");
        return format == 6 ? "^8" : format == 5 ? "^7" : "^10";
    }
    if (manager == Manager::yarn) return "^1";
    if (manager == Manager::yarn_berry) {
        const std::string* lock = survey.file_upwards("yarn.lock");
        const bool has_metadata = lock != nullptr && lock->find("__metadata:") != lock->npos;
        const unsigned format = has_metadata ? number_after(lock, "version:") : 8;
        return format >= 8 ? "^4" : format >= 6 ? "^3" : "^2";
    }
    return manager == Manager::bun ? "^1" : "";
}

/// Both of Yarn's are one program to those who use it.
std::string_view title(Manager manager) {
    switch (manager) {
        case Manager::none:
            return "none";
        case Manager::npm:
            return "npm";
        case Manager::pnpm:
            return "pnpm";
        case Manager::yarn:
        case Manager::yarn_berry:
            return "yarn";
        case Manager::bun:
            return "bun";
    }
    return "";
}

/// From "pnpm@9.1.0+sha512.…"; kind none when the field says nothing usable.
PackageManager from_field(const std::string& field) {
    const std::size_t at = field.find('@', 1);
    const std::string name = field.substr(0, at);
    const std::string version =
        at == field.npos ? "" : field.substr(at + 1, field.find('+', at) - at - 1);
    const auto range = VersionRange::parse(version);
    PackageManager found{.version = range ? version : "",
                         .reason = "packageManager in package.json"};
    if (name == "npm") found.kind = Manager::npm;
    if (name == "pnpm") found.kind = Manager::pnpm;
    if (name == "bun") found.kind = Manager::bun;
    if (name == "yarn") {
        const bool classic =
            version.starts_with("1.") || version.starts_with("0.") || version == "1";
        found.kind = classic ? Manager::yarn : Manager::yarn_berry;
    }
    return found;
}

bool is_of(const LockFile& lock, Manager manager) {
    return lock.manager == manager ||
           (lock.manager == Manager::yarn && manager == Manager::yarn_berry);
}

/// The lock file of the nearest directory from `from` upwards, or null.
const LockFile* nearest_lock(const Survey& survey, std::string_view from, std::string& directory) {
    for (std::string_view at = from;; at = parent_of(at)) {
        for (const LockFile& lock : lock_files) {
            if (!survey.has_in(at, lock.name)) continue;
            directory = at;
            return &lock;
        }
        if (at.empty()) return nullptr;
    }
}

PackageManager from_files(const Survey& survey, const std::string& installed_in) {
    PackageManager found;
    std::string directory;
    if (const LockFile* lock = nearest_lock(survey, installed_in, directory)) {
        found.kind = lock->manager;
        found.reason = fmt::format("there is a {}", lock->name);
        if (directory != installed_in) {
            found.warnings.push_back(fmt::format(
                "{} lies above the root directory, which no workspace there lists: it is not used",
                below(directory, lock->name)));
        }
        if (found.kind == Manager::yarn && is_berry(survey)) found.kind = Manager::yarn_berry;
    } else if (survey.has_upwards("pnpm-workspace.yaml")) {
        found.kind = Manager::pnpm;
        found.reason = "there is a pnpm-workspace.yaml and no lock file";
    } else {
        found.kind = Manager::npm;
        found.reason = "there is no lock file, so npm, the default";
    }
    return found;
}

/// What lies beside the right lock file and belongs to another manager.
void warn_of_foreign_locks(const Survey& survey, const std::string& installed_in,
                           PackageManager& found) {
    for (const LockFile& lock : lock_files) {
        if (!survey.has_in(installed_in, lock.name)) continue;
        if (is_of(lock, found.kind)) {
            found.has_lock = true;
        } else {
            found.warnings.push_back(
                fmt::format("There is a {}, which {} does not read: remove it if {} is right",
                            lock.name, found.name, found.name));
        }
    }
}

/// Yarn 2 and newer keep packages zipped unless they are told otherwise.
bool uses_plug_n_play(const Survey& survey) {
    const std::string* settings = survey.file_upwards(".yarnrc.yml");
    const std::string linker = line_value(settings, "nodeLinker");
    return linker.empty() || linker == "pnp";
}

}  // namespace

PackageManager detect_manager(const Survey& survey, const PackageJson& package,
                              const PackageJson* above, const std::string& installed_in) {
    PackageManager found = from_field(package.package_manager);
    if (found.kind == Manager::none && above != nullptr) {
        found = from_field(above->package_manager);
        found.reason = "packageManager in the workspace's package.json";
    }
    if (found.kind == Manager::none) found = from_files(survey, installed_in);
    if (found.version.empty()) found.version = version_for_lock(found.kind, survey);
    found.name = title(found.kind);
    found.plug_n_play = found.kind == Manager::yarn_berry && uses_plug_n_play(survey);
    warn_of_foreign_locks(survey, installed_in, found);
    if (found.plug_n_play) found.reason += ", Plug'n'Play";
    return found;
}

jobs::Planned install_command_of(const PackageManager& manager) {
    const std::string reason = manager.has_lock ? "exactly what the lock file says"
                                                : "there is no lock file to install from";
    switch (manager.kind) {
        case Manager::none:
            return {"", "nothing to install"};
        case Manager::npm:
            return {manager.has_lock ? "npm ci" : "npm install", reason};
        case Manager::pnpm:
            return {manager.has_lock ? "pnpm install --frozen-lockfile"
                                     : "pnpm install --no-frozen-lockfile",
                    reason};
        case Manager::yarn:
            return {manager.has_lock ? "yarn install --frozen-lockfile" : "yarn install", reason};
        case Manager::yarn_berry:
            return {manager.has_lock ? "yarn install --immutable" : "yarn install --no-immutable",
                    reason};
        case Manager::bun:
            return {manager.has_lock ? "bun install --frozen-lockfile" : "bun install", reason};
    }
    return {};
}

std::string run_script(Manager manager, std::string_view script) {
    return fmt::format("{} run {}", manager == Manager::none ? "npm" : title(manager), script);
}

std::string run_program(Manager manager, std::string_view command) {
    switch (manager) {
        case Manager::none:
        case Manager::npm:
            return fmt::format("npx {}", command);
        case Manager::pnpm:
            return fmt::format("pnpm exec {}", command);
        case Manager::yarn:
        case Manager::yarn_berry:
            return fmt::format("yarn run {}", command);
        case Manager::bun:
            return fmt::format("bunx {}", command);
    }
    return std::string(command);
}

}  // namespace berth::plans
