#pragma once
/// The text that Prometheus reads (exposition format 0.0.4): families of samples, each with its
/// help and type once, before all of its samples.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace berth::edge {

class Exposition {
public:
    using Label = std::pair<std::string_view, std::string_view>;

    /// Begins a family; `type` is counter, gauge or histogram. Names are ours: not checked.
    void family(std::string_view name, std::string_view type, std::string_view help);

    /// A sample of the family at hand. Values of labels are escaped.
    void sample(std::uint64_t value, std::initializer_list<Label> labels = {});
    void sample(double value, std::initializer_list<Label> labels = {});

    /// All samples of a histogram: `counts` has one more than `bounds`, which are in seconds.
    void histogram(std::span<const double> bounds, std::span<const std::uint64_t> counts,
                   double sum);

    const std::string& text() const { return text_; }

private:
    void line(std::string_view suffix, std::initializer_list<Label> labels, std::string_view value);

    std::string name_{};
    std::string text_{};
};

}  // namespace berth::edge
