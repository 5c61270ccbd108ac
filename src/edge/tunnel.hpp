#pragma once
/// A WebSocket on its way through the edge, after the 101: raw bytes both ways. An edge that is to
/// end says so to the visitor between two frames, with a code that means "come again and go on".

#include "edge/frame_track.hpp"
#include "edge/loop.hpp"

namespace berth::edge {

class Tunnel {
public:
    /// Both must outlive it.
    Tunnel(Connection& connection, http::Stream& upstream);
    Tunnel(const Tunnel&) = delete;

    /// Until both directions have ended, the second soon after the first; the other end's pings
    /// find a visitor that is gone. When the loop is to end: until the visitor agreed, at most
    /// `close_limit` after it was told.
    Task<After> run();

private:
    Task<> pump_to_visitor();
    Task<> pump_to_upstream();
    Task<bool> send(http::Stream& from, http::Stream& to, std::size_t bytes);
    Task<bool> fill_from_upstream();
    Task<> say_restart();
    bool is_to_end() const;

    Connection& connection_;
    http::Stream& upstream_;
    FrameTrack to_visitor_{};
    FrameTrack to_upstream_{};
    bool told_ = false;  // the visitor, that we end
};

}  // namespace berth::edge
