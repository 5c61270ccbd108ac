#pragma once
/// For tests only: a store directory that publishes like the api does.

#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <map>
#include <string>

#include "artifacts/manifest.hpp"
#include "base/crypto.hpp"
#include "base/file.hpp"
#include "base/json.hpp"

namespace berth::edge::testing_support {

namespace fs = std::filesystem;

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string path = fs::temp_directory_path() / "berth-edge-XXXXXX";
        if (::mkdtemp(path.data()) == nullptr) throw_errno("mkdtemp");
        path_ = path;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { fs::remove_all(path_); }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_{};
};

class Store {
public:
    Store() {
        for (const char* name : {"public/routes", "public/manifests", "public/blobs", "state"}) {
            fs::create_directories(root_ / name);
        }
    }

    std::string public_directory() const { return root_ / "public"; }
    std::string state_directory() const { return root_ / "state"; }

    std::string blob_path(const std::string& bytes) const {
        return root_ / artifacts::blob_key(sha256_hex(bytes));
    }

    void put(const std::string& path, const std::string& bytes) const {
        fs::create_directories(fs::path(path).parent_path());
        const std::string beside = path + ".new";
        Fd file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        write_all(file.get(), bytes);
        fs::rename(beside, path);
    }

    /// `files`: path → content.
    artifacts::Manifest deploy(const std::string& deployment,
                               const std::map<std::string, std::string>& files, bool spa = false) {
        artifacts::Manifest manifest;
        manifest.deployment = deployment;
        manifest.project = "prj_1";
        manifest.spa = spa;
        for (const auto& [path, content] : files) {
            put(blob_path(content), content);
            artifacts::ManifestEntry entry;
            entry.sha256 = sha256_hex(content);
            entry.bytes = content.size();
            entry.type = artifacts::content_type(path);
            manifest.files[path] = entry;
        }
        put(root_ / artifacts::manifest_key(deployment), json::text(manifest));
        return manifest;
    }

    void put_variant(const std::string& content, const std::string& suffix,
                     const std::string& bytes) {
        put(blob_path(content) + suffix, bytes);
    }

    artifacts::Route route(const std::string& host, const std::string& deployment) const {
        artifacts::Route route;
        route.host = host;
        route.project = "prj_1";
        route.deployment = deployment;
        return route;
    }

    /// Writes the route and tells it in the head.
    void publish(artifacts::Route route) {
        route.generation = ++head_.generation;
        put(root_ / artifacts::route_key(route.host), json::text(route));
        tell(route.host);
    }

    void withdraw(const std::string& host) {
        fs::remove(root_ / artifacts::route_key(host));
        ++head_.generation;
        tell(host);
    }

    void put_head(const artifacts::RouteHead& head) {
        head_ = head;
        put(root_ / artifacts::route_head_key, json::text(head));
    }
    artifacts::RouteHead& head() { return head_; }
    std::string operator/(const std::string& name) const { return root_ / name; }

private:
    void tell(const std::string& host) {
        head_.changed.push_back({host, head_.generation});
        if (head_.changed.size() > 1000) head_.changed.erase(head_.changed.begin());
        put_head(artifacts::RouteHead(head_));
    }

    TemporaryDirectory root_{};
    artifacts::RouteHead head_{};
};

}  // namespace berth::edge::testing_support
