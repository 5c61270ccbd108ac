#include "rules/rule_set.hpp"

namespace berth::json {

template value from(const rules::RuleSet&);
template bool detail::read(const value&, rules::RuleSet&, const detail::Place&, detail::Fault&);

}  // namespace berth::json
