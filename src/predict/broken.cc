#include "predict/broken.h"

namespace foretell {
namespace {

std::string_view Kind(const RowError& error) {
  return std::string_view(error.message).substr(0, error.message.find_first_of(":\n"));
}

}  // namespace

bool Alike(const RowError& one, const RowError& other) {
  return one.code == other.code && Kind(one) == Kind(other);
}

void BrokenRule::Failed(const RowError& error) {
  if (passed_.load(std::memory_order_relaxed) || broken()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  if (!first_ || !Alike(*first_, error)) {
    first_ = error;
    alike_ = 0;
  }
  if (++alike_ >= kFirst + kMore) {
    broken_.store(true, std::memory_order_release);
  }
}

bool BrokenRule::suspects() const {
  if (passed_.load(std::memory_order_relaxed)) {
    return false;
  }
  const std::lock_guard lock(mutex_);
  return alike_ >= kFirst;
}

RowError BrokenRule::Verdict() const {
  const std::lock_guard lock(mutex_);
  return {CodeText(Code::kBrokenPredictor),
          "the predictor failed alike on " + std::to_string(kFirst + kMore) +
              " rows from across the batch and none passed; the first: " + first_->code + ": " +
              first_->message,
          first_->hint};
}

}  // namespace foretell
