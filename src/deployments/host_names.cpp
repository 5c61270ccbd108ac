#include "deployments/host_names.hpp"

#include "base/crypto.hpp"
#include "base/id.hpp"

namespace berth::deployments {
namespace {

constexpr std::size_t label_max = 63;  // RFC 1035 §2.3.4
constexpr std::size_t hash_length = 6;

std::string join(std::string label, std::string_view base_host) {
    label += '.';
    label += base_host;
    return label;
}

}  // namespace

std::string production_host(std::string_view project_name, std::string_view base_host) {
    return join(std::string(project_name), base_host);
}

std::string deployment_host(std::string_view project_name, std::string_view deployment_id,
                            std::string_view base_host) {
    return join(std::string(project_name) + "-" + id_tail(deployment_id), base_host);
}

std::string branch_host(std::string_view project_name, std::string_view branch,
                        std::string_view base_host) {
    std::string slug;
    for (const char letter : branch) {
        const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
        if (plain) {
            slug += letter;
        } else if (letter >= 'A' && letter <= 'Z') {
            slug += static_cast<char>(letter - 'A' + 'a');
        } else if (!slug.empty() && slug.back() != '-') {
            slug += '-';
        }
    }
    while (slug.ends_with('-'))
        slug.pop_back();
    std::string label = std::string(project_name) + "-git-" + slug;
    // Different branches must not share a name: what the slug lost is in the hash.
    if (slug != branch || label.size() > label_max) {
        const std::string hash = sha256_hex(branch).substr(0, hash_length);
        label = label.substr(0, label_max - hash_length - 1);
        while (label.ends_with('-'))
            label.pop_back();
        label += "-" + hash;
    }
    return join(std::move(label), base_host);
}

}  // namespace berth::deployments
