#include "builds/known_causes.hpp"

#include <algorithm>

namespace berth::builds {
namespace {

// clang-format off
constexpr auto causes = std::to_array<KnownCause>({
    // What is installed.
    {"lock_missing", {"can only install with an existing package-lock.json"},
     "The install command needs a lock file: run `npm install` and commit package-lock.json."},
    {"lock_outdated_npm", {"from lock file", "package.json and package-lock.json", "are in sync"},
     "package-lock.json does not fit package.json: run `npm install` with the same npm version and commit the lock "
     "file. Optional packages of other platforms can be missing from a lock file too; deleting it and installing "
     "afresh writes them."},
    {"lock_outdated_pnpm", {"ERR_PNPM_OUTDATED_LOCKFILE", "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH", "frozen-lockfile"},
     "The lock file does not fit package.json: run `pnpm install` and commit pnpm-lock.yaml."},
    {"lock_too_new_pnpm", {"ERR_PNPM_LOCKFILE_BREAKING_CHANGE", "ERR_PNPM_BROKEN_LOCKFILE"},
     "pnpm-lock.yaml was written by another pnpm: name yours in package.json (`\"packageManager\": \"pnpm@10.1.0\"`)."},
    {"lock_outdated_yarn", {"Your lockfile needs to be updated", "YN0028"},
     "yarn.lock does not fit package.json: run `yarn install` and commit it."},
    {"lock_outdated_bun", {"lockfile had changes, but lockfile is frozen"},
     "The lock file does not fit package.json: run `bun install` and commit it."},
    {"peer_conflict", {"ERESOLVE", "ERR_PNPM_PEER_DEP_ISSUES", "Conflicting peer dependency"},
     "Two packages want different versions of a third: bring them to versions that fit, or set the install command to "
     "`npm install --legacy-peer-deps`."},
    {"wrong_node_engine", {"EBADENGINE", "ERR_PNPM_UNSUPPORTED_ENGINE", "The engine \"node\" is incompatible"},
     "A package wants another Node version: set it in the project's settings, in .nvmrc or in `engines` of package.json."},
    {"wrong_node_tool", {"requires Node.js version", "Please upgrade your Node.js", "Node.js version is required",
                         "for Next.js, Node.js version"},
     "The tool wants another Node version: set it in the project's settings, in .nvmrc or in `engines` of package.json."},
    {"node_too_old", {"crypto.getRandomValues is not a function", "crypto.hash is not a function",
                      "Unexpected token '?\?='", "Unexpected token '||='"},
     "This Node is too old for what runs: set a newer version in the project's settings, in .nvmrc or in `engines`."},
    {"openssl_legacy", {"ERR_OSSL_EVP_UNSUPPORTED", "digital envelope routines::unsupported"},
     "The bundler is older than this Node's OpenSSL: use Node 16, upgrade the bundler, or set the variable "
     "NODE_OPTIONS=--openssl-legacy-provider."},
    {"private_package", {"E401", "ENEEDAUTH", "ERR_PNPM_FETCH_401", "Unable to authenticate"},
     "The registry wants to know who asks: put a token into a sensitive variable and name it in .npmrc "
     "(`//registry.example/:_authToken=${NPM_TOKEN}`)."},
    {"forbidden_package", {"E403", "ERR_PNPM_FETCH_403"},
     "The registry does not give this package to this token: check the token's rights."},
    {"unknown_package", {"E404", "ERR_PNPM_FETCH_404", "is not in this registry", "is not in the npm registry"},
     "There is no such package, or it is private: check its name; for a private one, put a token into a sensitive "
     "variable and name it in .npmrc."},
    {"unknown_version", {"ETARGET", "No matching version found", "ERR_PNPM_NO_MATCHING_VERSION",
                         "Couldn't find any versions for"},
     "There is no such version of a package: check the range in package.json; a version may have been withdrawn."},
    {"damaged_package", {"EINTEGRITY", "integrity checksum failed", "Integrity check failed", "YN0018"},
     "What was downloaded is not what the lock file names: deploy again without cache; if it stays so, write the lock "
     "file anew."},
    {"certificate", {"SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
                     "unable to get local issuer certificate", "self-signed certificate"},
     "The certificate of a server is not known here: the operator can add its authority with --ca-file."},
    {"no_name", {"ENOTFOUND", "EAI_AGAIN", "getaddrinfo", "Could not resolve host"},
     "A name cannot be looked up: check the address. Private networks are closed to builds; the operator can open one "
     "with BERTH_ALLOW_BUILD_NETS."},
    {"network", {"ETIMEDOUT", "ECONNRESET", "ERR_SOCKET_TIMEOUT", "ECONNREFUSED"},
     "A server did not answer: deploy again. Private networks are closed to builds; the operator can open one with "
     "BERTH_ALLOW_BUILD_NETS."},
    {"git_dependency", {"Permission denied (publickey)", "Could not read from remote repository", "spawn git ENOENT",
                        "code 128"},
     "A dependency comes from a Git repository that this build cannot read: use a package of a registry, or an https "
     "address with a token."},
    {"workspace", {"ERR_PNPM_WORKSPACE_PKG_NOT_FOUND", "No workspaces found", "Workspace not found", "EWORKSPACE"},
     "A package of the workspace is missing: check the workspace's patterns, and that the root directory of the project "
     "lies in it."},
    {"package_json", {"EJSONPARSE", "Failed to parse package.json", "ERR_PNPM_JSON_PARSE", "JSONParseError"},
     "package.json is no JSON: look for a missing quote or a comma too many."},
    {"husky", {"husky: not found", "husky: command not found"},
     "`prepare` wants a package that is not installed here: write `husky || true`."},
    {"browser_download", {"Failed to set up Chrome", "Failed to download Chrome", "Cypress binary is missing",
                          "Failed to install browsers"},
     "A test browser cannot be downloaded and is not needed for a build: set PUPPETEER_SKIP_DOWNLOAD=1, "
     "CYPRESS_INSTALL_BINARY=0 or PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 as a variable."},
    {"sharp", {"\"sharp\" module", "sharp: Installation error"},
     "sharp is not installed for Linux: delete the lock file, run the install anew and commit it, or add sharp as a "
     "dependency of its own."},
    {"foreign_platform", {"@rollup/rollup-linux", "Cannot find native binding", "for another platform",
                          "@esbuild/linux"},
     "A package's part for Linux is not installed: the lock file was written on another system and lacks it. Delete lock "
     "file and node_modules, install anew, and commit the lock file; never commit node_modules."},
    {"wrong_abi", {"NODE_MODULE_VERSION", "invalid ELF header", "compiled against a different Node.js"},
     "A native module was built for another Node or system: do not commit node_modules; deploy again without cache."},
    {"no_python", {"Could not find any Python", "find Python"},
     "A native module is compiled and wants Python: the operator's machine needs the packages that `berth doctor` names; "
     "or use a version of the package that brings a built one."},
    {"node_sass", {"Node Sass does not yet support", "node-sass"},
     "node-sass is at its end and does not know this Node: use the package `sass` instead."},
    {"native_module", {"gyp ERR!", "node-pre-gyp ERR!", "prebuild-install"},
     "A native module could not be compiled: use a Node version that it has a built one for, or a newer version of the "
     "package."},
    {"old_manager", {"This project is configured to use", "ERR_PNPM_BAD_PM_VERSION", "ERR_PNPM_OTHER_PM_EXPECTED"},
     "`packageManager` in package.json names another one than the install command: let them name the same."},
    // What is built.
    {"no_script", {"Missing script", "ERR_PNPM_NO_SCRIPT", "Couldn't find a script", "Script not found"},
     "package.json has no such script: correct the command in the project's settings."},
    {"treated_warnings", {"process.env.CI = true"},
     "Warnings are errors because CI is set: mend them, or set the variable CI=false."},
    {"letter_case", {"only in casing", "Cannot find module './", "Can't resolve './", "Could not resolve \"./"},
     "A file of the repository is not found: its name may differ in upper and lower case, which this system tells apart, "
     "or it was not committed."},
    {"letter_case_up", {"Cannot find module '../", "Can't resolve '../", "Could not resolve \"../",
                        "Failed to resolve import \"."},
     "A file of the repository is not found: its name may differ in upper and lower case, which this system tells apart, "
     "or it was not committed."},
    {"prisma", {"@prisma/client did not initialize"},
     "Prisma's client is not generated: add `prisma generate` to the build command, or as `postinstall`."},
    {"missing_variable", {"Environment variable not found", "Missing required environment variable",
                          "Invalid environment variables", "environment variable is not set"},
     "A variable is missing: add it in the project's settings, for the environment that this deployment is of."},
    {"missing_key", {"is not set in environment", "Missing API key", "is required but was not provided",
                     "Url is required"},
     "A variable seems to be missing: add it in the project's settings, for the environment that this deployment is of."},
    {"missing_module", {"Cannot find module", "Module not found", "Rollup failed to resolve import", "Could not resolve"},
     "A module is missing: check that it is in package.json (a build needs its devDependencies too) and that upper and "
     "lower case of its path are right."},
    {"missing_package", {"ERR_MODULE_NOT_FOUND", "Cannot find package", "Failed to resolve"},
     "A package is missing: check that it is in package.json."},
    {"require_esm", {"ERR_REQUIRE_ESM", "require() of ES Module"},
     "A module that is an ES module is loaded with require(): use import, a newer Node (22 and later can), or an older "
     "version of it."},
    {"import_outside", {"Cannot use import statement outside a module"},
     "A file with import is read as CommonJS: name it .mjs, or set `\"type\": \"module\"` in package.json."},
    {"top_level_await", {"Top-level await is not available"},
     "The build's target is too old for await at the top of a module: set `build.target` to \"es2022\" or later."},
    {"heap", {"heap out of memory", "Reached heap limit"},
     "Node's own memory limit was reached: set the variable NODE_OPTIONS=--max-old-space-size=1800 (in MiB, below the "
     "build's limit), or make the build need less."},
    {"watchers", {"file watchers reached"},
     "The command watches files: use the one that builds once."},
    {"address_in_use", {"EADDRINUSE"},
     "The command starts a server: use the one that builds."},
    {"no_browser_here", {"window is not defined", "document is not defined", "localStorage is not defined",
                         "navigator is not defined"},
     "Code for the browser runs while pages are rendered on the server: guard it (`typeof window`), or load it in the "
     "browser alone."},
    {"static_export", {"output: export", "output: 'export'"},
     "This page needs a server, and `output: 'export'` allows none: see the message for the part to take out."},
    {"prerender", {"Error occurred prerendering page", "Export encountered errors"},
     "A page broke while it was rendered: the lines before say which and why; data that it fetches must be reachable from "
     "the build."},
    {"tailwind_4", {"`tailwindcss` directly as a PostCSS plugin"},
     "Tailwind 4 has its PostCSS plugin in a package of its own: install @tailwindcss/postcss and name that."},
    {"sass_import", {"Can't find stylesheet to import"},
     "A style sheet is not found: check its path, and that the package that has it is installed."},
    {"budget", {"exceeded maximum budget"},
     "A bundle is larger than its budget in angular.json: make it smaller, or raise the budget."},
    {"nx_task", {"Cannot find configuration for task", "Could not find project"},
     "The workspace has no such project or task: check the build command and the root directory."},
    {"type_error", {"error TS", "Type error:", "vue-tsc", "svelte-check found"},
     "The types do not fit: the same command shows it on your machine."},
    {"lint", {"ESLint:", "eslint found", "Failed to load config \""},
     "The linter stops the build: mend what it names, or take it out of the build command."},
    {"syntax", {"SyntaxError", "Parse failure", "Unexpected token", "Expected \""},
     "A file cannot be read by what builds it: the line names it."},
    {"no_space", {"ENOSPC", "No space left on device"},
     "The build's disk is full: make it write less, or raise the limit."},
    {"permission", {"EACCES", "Permission denied"},
     "A file may not be read, written or run: scripts need `git update-index --chmod=+x`, and only the project's directory "
     "and /tmp can be written to."},
    {"no_file", {"ENOENT", "No such file"},
     "A file is not there: check its path and that it is committed."},
    {"no_command", {"command not found", ": not found", "is not recognized"},
     "A command was not found: is its package a dependency in package.json?"},
});
// clang-format on

bool is_in(std::string_view line, const KnownCause& cause) {
    return std::ranges::any_of(cause.words, [line](std::string_view word) {
        return !word.empty() && line.find(word) != line.npos;
    });
}

}  // namespace

std::span<const KnownCause> known_causes() {
    return causes;
}

const KnownCause* known_cause_of(std::string_view line) {
    const auto found =
        std::ranges::find_if(causes, [line](const KnownCause& each) { return is_in(line, each); });
    return found == causes.end() ? nullptr : &*found;
}

}  // namespace berth::builds
