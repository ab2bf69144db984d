#include "predict/bisect.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace foretell {
namespace {

constexpr std::int64_t kNone = -1;

class Bisection {
 public:
  Bisection(const std::function<Answer(RowRange)>& call, BrokenRule& rule, const BisectOptions& options)
      : call_(call), rule_(rule), options_(options) {}

  Bisected Run(const std::vector<RowRange>& ranges) {
    // A stack: the earliest range lies on top.
    for (const RowRange& range : std::views::reverse(ranges)) {
      pending_.push_back({range, kNone});
    }
    while (!pending_.empty() && !stopped_) {
      if (rule_.broken()) {
        GiveUp();
        break;
      }
      if (!failed_.empty() && !probed_ && rule_.suspects()) {
        Probe();
      }
      const Pending next = pending_.back();
      pending_.pop_back();
      Try(next);
    }
    return std::move(done_);
  }

 private:
  struct Pending {
    RowRange range;
    std::int64_t parent;  // index into failed_, or kNone
  };
  // A call that failed on more than one row, and what is known of its parts.
  struct Failed {
    std::int64_t parent;
    std::int64_t rows;
    std::int64_t open;  // parts that are still pending
    bool bad = false;   // a row failed alone
    std::int64_t unstable = 0;
  };

  void Try(const Pending& part) {
    Answer answer;
    try {
      answer = call_(part.range);
    } catch (const Error& error) {
      if (!IsRowFault(error.code())) {
        throw;
      }
      Split(part, error);
      return;
    }
    Keep(part, std::move(answer));
  }

  void Keep(const Pending& part, Answer answer) {
    if (answer.errors.size() < static_cast<std::size_t>(part.range.rows)) {
      rule_.Passed();
    }
    for (auto& [row, error] : answer.errors) {
      CountFailure(error);
      stopped_ = stopped_ || (options_.stop_at_first_bad && !IsSkip(error));
      done_.errors.emplace(part.range.first + row, std::move(error));
    }
    done_.pieces.emplace(part.range.first, std::pair(part.range.rows, std::move(answer.columns)));
    Close(part.parent, false, 0);
  }

  void Split(const Pending& part, const Error& error) {
    const auto [first, rows] = part.range;
    if (rows == 1) {
      RowError failure{CodeText(error.code()), error.message(), error.hint()};
      CountFailure(failure);
      done_.errors.emplace(first, std::move(failure));
      stopped_ = options_.stop_at_first_bad;
      Close(part.parent, true, 0);
      return;
    }
    failed_.push_back({part.parent, rows, 2});
    const auto self = static_cast<std::int64_t>(failed_.size()) - 1;
    const std::int64_t half = rows / 2;
    pending_.push_back({{first + half, rows - half}, self});
    pending_.push_back({{first, half}, self});
  }

  // A null or NaN prediction is an answer: it speaks neither for nor against the predictor.
  void CountFailure(const RowError& error) {
    if (error.code == CodeText(Code::kPredictorRaised) || error.code == CodeText(Code::kWrongLength) ||
        error.code == CodeText(Code::kWrongType)) {
      rule_.Failed(error);
    }
  }

  // One part of a failed call is done. A failed call without any row that failed alone is unstable
  // as a whole, whatever its parts counted before.
  void Close(std::int64_t at, bool bad, std::int64_t unstable) {
    while (at != kNone) {
      Failed& failed = failed_[static_cast<std::size_t>(at)];
      failed.bad = failed.bad || bad;
      failed.unstable += unstable;
      if (--failed.open > 0) {
        return;
      }
      bad = failed.bad;
      unstable = failed.bad ? failed.unstable : failed.rows;
      at = failed.parent;
    }
    done_.unstable += unstable;
  }

  // Moves 20 pending rows, evenly from all of them, to the top of the stack, each alone.
  void Probe() {
    probed_ = true;
    std::reverse(pending_.begin(), pending_.end());  // now in order of rows
    std::int64_t total = 0;
    for (const Pending& part : pending_) {
      total += part.range.rows;
    }
    const std::int64_t wanted = std::min<std::int64_t>(BrokenRule::kMore, total);
    std::vector<Pending> alone;
    std::vector<Pending> rest;
    std::int64_t before = 0;  // pending rows before `part`
    std::int64_t chosen = 0;
    for (const Pending& part : pending_) {
      std::int64_t from = part.range.first;
      const std::int64_t end = part.range.first + part.range.rows;
      std::int64_t parts = 0;
      while (chosen < wanted && (2 * chosen + 1) * total / (2 * wanted) < before + part.range.rows) {
        const std::int64_t row = part.range.first + (2 * chosen + 1) * total / (2 * wanted) - before;
        if (row > from) {
          rest.push_back({{from, row - from}, part.parent});
          ++parts;
        }
        alone.push_back({{row, 1}, part.parent});
        ++parts;
        from = row + 1;
        ++chosen;
      }
      if (from < end) {
        rest.push_back({{from, end - from}, part.parent});
        ++parts;
      }
      if (part.parent != kNone) {
        failed_[static_cast<std::size_t>(part.parent)].open += parts - 1;
      }
      before += part.range.rows;
    }
    std::reverse(rest.begin(), rest.end());
    std::reverse(alone.begin(), alone.end());
    pending_ = std::move(rest);
    pending_.insert(pending_.end(), alone.begin(), alone.end());
  }

  void GiveUp() {
    const RowError verdict = rule_.Verdict();
    if (options_.throw_broken) {
      throw Error(Code::kBrokenPredictor, verdict.message, verdict.hint);
    }
    for (const Pending& part : pending_) {
      for (std::int64_t i = 0; i < part.range.rows; ++i) {
        done_.errors.emplace(part.range.first + i, verdict);
      }
    }
  }

  const std::function<Answer(RowRange)>& call_;
  BrokenRule& rule_;
  const BisectOptions& options_;
  std::vector<Pending> pending_;
  std::vector<Failed> failed_;
  Bisected done_;
  bool probed_ = false;
  bool stopped_ = false;
};

}  // namespace

bool IsRowFault(Code code) {
  return code == Code::kPredictorRaised || code == Code::kWrongLength || code == Code::kWrongType ||
         code == Code::kNullPrediction || code == Code::kNanPrediction;
}

bool IsSkip(const RowError& error) {
  return error.code == CodeText(Code::kSkipped);
}

Bisected Bisect(const std::vector<RowRange>& ranges, const std::function<Answer(RowRange)>& call,
                BrokenRule& rule, const BisectOptions& options) {
  return Bisection(call, rule, options).Run(ranges);
}

}  // namespace foretell
