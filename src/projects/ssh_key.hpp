#pragma once
/// Deploy keys: ed25519 pairs in the form that ssh reads.

#include <string>

namespace berth::projects {

struct SshKey {
    std::string private_key{};  // "-----BEGIN OPENSSH PRIVATE KEY-----…", not encrypted
    std::string public_key{};   // "ssh-ed25519 AAAA… comment"
};

/// Source: PROTOCOL.key of OpenSSH (openssh-key-v1); RFC 8709 for the public half.
SshKey make_ssh_key(const std::string& comment);

}  // namespace berth::projects
