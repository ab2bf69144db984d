#include "models/lda_training.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "foretell/error.h"
#include "models/counts.h"
#include "models/floating_point_environment.h"
#include "models/lda_memory.h"
#include "models/random.h"

namespace foretell {
namespace {

constexpr std::int64_t kDocumentsOfBlock = 512;  // whose factors stay in the cache
constexpr std::int64_t kDocumentsAtATime = 8;
constexpr std::int64_t kWordsAtATime = 64;  // also of a partial sum of the totals
constexpr double kSmallestDecay = 1e-100;
constexpr double kShape = 100;  // of the Gamma distributions that training starts from, as scikit-learn's
constexpr std::uint64_t kDocumentStreams = std::uint64_t{1}
                                           << 63U;  // of random numbers; below it are the words'

[[noreturn]] void Invalid(std::string message) {
  throw Error(Code::kInvalidArgument, std::move(message));
}

bool IsFiniteAndNotNegative(double x) {
  return x >= 0 && x <= std::numeric_limits<double>::max();
}

void CheckSettings(const LdaTrainingSettings& settings) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (settings.topics < 1 || settings.topics > kMost || settings.words < 1 || settings.words > kMost) {
    Invalid("an LDA has " + std::to_string(settings.topics) + " topics and " +
            std::to_string(settings.words) + " words, and at least one of each is expected");
  }
  if (!IsFiniteAndNotNegative(settings.doc_topic_prior) ||
      !IsFiniteAndNotNegative(settings.topic_word_prior)) {
    Invalid("doc_topic_prior is " + std::to_string(settings.doc_topic_prior) + " and topic_word_prior " +
            std::to_string(settings.topic_word_prior) + ", and numbers of at least 0 are expected");
  }
  if (!(settings.mean_change_tol >= 0)) {
    Invalid("mean_change_tol is " + std::to_string(settings.mean_change_tol) +
            ", and a number of at least 0 is expected");
  }
  if (settings.max_doc_update_iter < 1) {
    Invalid("max_doc_update_iter is " + std::to_string(settings.max_doc_update_iter) +
            ", and training needs at least 1");
  }
}

}  // namespace

// The words of some rows, numbered from 0 by ascending id, and exp(E[log beta]) of them.
class LdaTraining::Batch {
 public:
  Batch(const LdaTraining& training, const CsrView& rows, std::int64_t first, std::int64_t last,
        Workers& workers)
      : training_(training),
        rows_(rows),
        workers_(workers),
        first_(first),
        stride_(training.stride_),
        local_(static_cast<std::size_t>(training.settings_.words), -1),
        memories_(workers.size()) {
    FindWords(first, last);
    Expect();
  }

  std::int64_t size() const { return static_cast<std::int64_t>(words_.size()); }
  const std::vector<std::int32_t>& words() const { return words_; }
  const double* expected() const { return b_; }

  // What a word's counts came to, of all rows learned.
  const double* statistics() const { return statistics_; }

  // Adds rows [first, last), at most kDocumentsOfBlock, to the statistics.
  void AddBlock(std::int64_t first, std::int64_t last) {
    if (statistics_ == nullptr) {
      statistics_ = statistics_memory_.AtLeast(size() * stride_);
    }
    const std::int64_t entries = Localize(first, last);
    double* const factors = factors_.AtLeast((last - first) * stride_);
    weights_.resize(static_cast<std::size_t>(entries));
    workers_.ForEach(
        last - first, kDocumentsAtATime, [&](std::size_t worker, std::int64_t from, std::int64_t to) {
          for (std::int64_t document = from; document < to; ++document) {
            const std::int64_t begin = Begin(first + document) - Begin(first);
            const std::int64_t length = Begin(first + document + 1) - Begin(first + document);
            if (length > 0) {
              Memory& memory = memories_[worker];
              memory.gamma.resize(static_cast<std::size_t>(training_.settings_.topics));
              DrawTopics(training_.seed_, training_.steps_, first + document - first_, memory.gamma,
                         *training_.table_);
              InferFactors(memory, first + document, begin, length, factors + document * stride_);
            }
          }
        });
    FindOccurrences(first, last);
    const kernels::LdaOccurrences occurrences{starts_.data(), documents_.data(), places_.data()};
    workers_.ForEach(size(), kWordsAtATime, [&](std::size_t /*worker*/, std::int64_t from, std::int64_t to) {
      training_.table_->lda_training->gather(occurrences, from, to, factors, weights_.data(), stride_,
                                             statistics_);
    });
  }

  // gamma of a document of other entries than a row has; ids are the words' own.
  const std::vector<double>& Infer(std::size_t worker, std::span<const std::int32_t> ids,
                                   std::span<const double> counts) {
    Memory& memory = memories_[worker];
    memory.gamma.resize(static_cast<std::size_t>(training_.settings_.topics));
    memory.ids.clear();
    for (const std::int32_t id : ids) {
      memory.ids.push_back(local_[static_cast<std::size_t>(id)]);
    }
    kernels::LdaDocument document{memory.ids.data(), counts.data(), static_cast<std::int64_t>(ids.size()),
                                  memory.gamma.data()};
    const auto scratch = memory.inference.For(document.size, training_.settings_.topics, true);
    training_.table_->lda->infer(Model(), &document, 1, scratch);
    return memory.gamma;
  }

 private:
  struct Memory {  // of a thread
    LdaMemory<double> inference;
    std::vector<double> gamma;
    std::vector<std::int32_t> ids;
  };

  std::int64_t Begin(std::int64_t row) const { return rows_.row_starts[static_cast<std::size_t>(row)]; }

  void FindWords(std::int64_t first, std::int64_t last) {
    for (std::int64_t at = Begin(first); at < Begin(last); ++at) {
      std::int32_t& local = local_[static_cast<std::size_t>(rows_.ids[static_cast<std::size_t>(at)])];
      if (local < 0) {
        local = 0;
        words_.push_back(rows_.ids[static_cast<std::size_t>(at)]);
      }
    }
    std::sort(words_.begin(), words_.end());
    for (std::size_t i = 0; i < words_.size(); ++i) {
      local_[static_cast<std::size_t>(words_[i])] = static_cast<std::int32_t>(i);
    }
  }

  void Expect() {
    b_ = b_memory_.AtLeast(size() * stride_);
    sums_.resize(words_.size());
    const std::vector<double> inverse = training_.InverseTotals();
    workers_.ForEach(size(), kWordsAtATime, [&](std::size_t /*worker*/, std::int64_t from, std::int64_t to) {
      const double* counts[kWordsAtATime];
      for (std::int64_t w = from; w < to; ++w) {
        counts[w - from] = training_.CountsOf(words_[static_cast<std::size_t>(w)]);
      }
      training_.table_->lda_training->expect(counts, to - from, stride_, training_.settings_.topic_word_prior,
                                             training_.decay_, inverse.data(), b_ + from * stride_,
                                             sums_.data() + from);
    });
  }

  std::int64_t Localize(std::int64_t first, std::int64_t last) {
    block_ids_.clear();
    for (std::int64_t at = Begin(first); at < Begin(last); ++at) {
      block_ids_.push_back(local_[static_cast<std::size_t>(rows_.ids[static_cast<std::size_t>(at)])]);
    }
    return static_cast<std::int64_t>(block_ids_.size());
  }

  // From memory.gamma.
  void InferFactors(Memory& memory, std::int64_t row, std::int64_t begin, std::int64_t length,
                    double* factors) {
    const auto scratch = memory.inference.For(length, training_.settings_.topics, true);
    kernels::LdaDocument document{block_ids_.data() + begin, rows_.values.data() + Begin(row), length,
                                  memory.gamma.data()};
    training_.table_->lda->infer_factors(Model(), document, scratch, factors, weights_.data() + begin);
  }

  kernels::LdaModel<double> Model() const {
    const LdaTrainingSettings& settings = training_.settings_;
    return {b_,
            sums_.data(),
            settings.topics,
            stride_,
            settings.doc_topic_prior,
            settings.mean_change_tol,
            settings.max_doc_update_iter};
  }

  // A counting sort of the block's entries by word.
  void FindOccurrences(std::int64_t first, std::int64_t last) {
    starts_.assign(words_.size() + 1, 0);
    for (const std::int32_t word : block_ids_) {
      ++starts_[static_cast<std::size_t>(word) + 1];
    }
    for (std::size_t w = 0; w < words_.size(); ++w) {
      starts_[w + 1] += starts_[w];
    }
    documents_.resize(block_ids_.size());
    places_.resize(block_ids_.size());
    next_.assign(starts_.begin(), starts_.end() - 1);
    std::size_t at = 0;
    for (std::int64_t row = first; row < last; ++row) {
      for (const auto end = static_cast<std::size_t>(Begin(row + 1) - Begin(first)); at < end; ++at) {
        const auto place = static_cast<std::size_t>(next_[static_cast<std::size_t>(block_ids_[at])]++);
        documents_[place] = static_cast<std::int32_t>(row - first);
        places_[place] = static_cast<std::int32_t>(at);
      }
    }
  }

  const LdaTraining& training_;
  const CsrView& rows_;
  Workers& workers_;
  const std::int64_t first_;
  const std::int64_t stride_;
  std::vector<std::int32_t> words_;
  std::vector<std::int32_t> local_;  // by word: its number here, or -1
  Aligned<double> b_memory_;
  double* b_ = nullptr;
  std::vector<double> sums_;
  Aligned<double> statistics_memory_;
  double* statistics_ = nullptr;

  // Of a block:
  std::vector<std::int32_t> block_ids_;
  Aligned<double> factors_;
  std::vector<double> weights_;
  std::vector<std::int64_t> starts_;
  std::vector<std::int64_t> next_;
  std::vector<std::int32_t> documents_;
  std::vector<std::int32_t> places_;

  // By worker:
  std::vector<Memory> memories_;
};

LdaTraining::LdaTraining(LdaTrainingSettings settings, const kernels::Table& table)
    : settings_(settings), table_(&table), stride_(InGroups(settings.topics)) {
  CheckSettings(settings);
  counts_.resize(static_cast<std::size_t>(settings.words * stride_));
  totals_.resize(static_cast<std::size_t>(stride_));
}

LdaTraining::LdaTraining(LdaTrainingSettings settings, std::uint64_t seed, Workers& workers,
                         const kernels::Table& table)
    : LdaTraining(settings, table) {
  seed_ = seed;
  const FloatingPointEnvironment environment;
  workers.ForEach(settings.words, kWordsAtATime,
                  [&](std::size_t /*worker*/, std::int64_t first, std::int64_t last) {
                    for (std::int64_t word = first; word < last; ++word) {
                      Random random(seed, static_cast<std::uint64_t>(word), *table_);
                      double* const counts = CountsOf(word);
                      for (std::int64_t k = 0; k < settings_.topics; ++k) {
                        counts[k] = random.Gamma(kShape) / kShape - settings_.topic_word_prior;
                      }
                    }
                  });
  SumTotals();
}

LdaTraining::LdaTraining(LdaTrainingSettings settings, State state, const kernels::Table& table)
    : LdaTraining(settings, table) {
  const auto topics = static_cast<std::size_t>(settings.topics);
  if (state.counts.size() != topics * static_cast<std::size_t>(settings.words) ||
      state.totals.size() != topics) {
    Invalid("the state of training has " + std::to_string(state.counts.size()) + " and " +
            std::to_string(state.totals.size()) + " numbers, and those of " +
            std::to_string(settings.topics) + " topics and " + std::to_string(settings.words) +
            " words are expected");
  }
  const bool fits = std::all_of(state.counts.begin(), state.counts.end(), [&](double count) {
    return IsFiniteAndNotNegative(settings_.topic_word_prior + state.decay * count);
  });
  if (!fits || !(state.decay > 0 && state.decay <= 1)) {
    throw Error(Code::kInvalidValue,
                "the topics hold a number that is negative, infinite or NaN, where training goes on");
  }
  for (std::int64_t word = 0; word < settings.words; ++word) {
    std::copy_n(state.counts.data() + word * settings.topics, settings.topics, CountsOf(word));
  }
  std::copy(state.totals.begin(), state.totals.end(), totals_.begin());
  decay_ = state.decay;
  seed_ = state.seed;
  steps_ = state.steps;
}

LdaTraining LdaTraining::FromComponents(LdaTrainingSettings settings, std::span<const double> components,
                                        std::uint64_t seed, const kernels::Table& table) {
  LdaTraining training(settings, table);
  training.seed_ = seed;
  if (components.size() !=
      static_cast<std::size_t>(settings.topics) * static_cast<std::size_t>(settings.words)) {
    Invalid("components has " + std::to_string(components.size()) + " numbers, and " +
            std::to_string(settings.topics) + " topics of " + std::to_string(settings.words) +
            " words are expected");
  }
  if (!std::all_of(components.begin(), components.end(), IsFiniteAndNotNegative)) {
    throw Error(Code::kInvalidValue, "components holds a number that is negative, infinite or NaN");
  }
  const FloatingPointEnvironment environment;
  for (std::int64_t word = 0; word < settings.words; ++word) {
    double* const counts = training.CountsOf(word);
    for (std::int64_t k = 0; k < settings.topics; ++k) {
      counts[k] = components[static_cast<std::size_t>(k * settings.words + word)] - settings.topic_word_prior;
    }
  }
  training.SumTotals();
  return training;
}

LdaTraining::State LdaTraining::state() const {
  State state;
  state.counts.resize(static_cast<std::size_t>(settings_.words * settings_.topics));
  for (std::int64_t word = 0; word < settings_.words; ++word) {
    std::copy_n(CountsOf(word), settings_.topics, state.counts.data() + word * settings_.topics);
  }
  state.totals.assign(totals_.begin(), totals_.begin() + settings_.topics);
  state.decay = decay_;
  state.seed = seed_;
  state.steps = steps_;
  return state;
}

double LdaTraining::Rate(double decay, double offset, std::int64_t step) {
  if (!(decay >= 0) || !(offset >= 1) || step < 1) {
    Invalid("learning_decay is " + std::to_string(decay) + " and learning_offset " + std::to_string(offset) +
            ", and at least 0 and at least 1 are expected");
  }
  const kernels::Table& table = kernels::Chosen();
  double x = offset + static_cast<double>(step);
  table.elementary->log(&x, &x, 1);
  x *= -decay;
  table.elementary->exp(&x, &x, 1);
  return x;
}

void LdaTraining::DrawTopics(std::uint64_t seed, std::uint64_t step, std::int64_t document,
                             std::span<double> gamma, const kernels::Table& table) {
  Random random(seed, kDocumentStreams + (step << 32U) + static_cast<std::uint64_t>(document), table);
  for (double& value : gamma) {
    value = random.Gamma(kShape) / kShape;
  }
}

void LdaTraining::CheckRows(const CsrView& rows, std::int64_t first, std::int64_t last) const {
  if (rows.columns != settings_.words) {
    Invalid("the rows have " + std::to_string(rows.columns) + " columns, and the LDA was begun with " +
            std::to_string(settings_.words));
  }
  if (first < 0 || first > last || last > rows.rows()) {
    Invalid("rows " + std::to_string(first) + " to " + std::to_string(last) + " are not among " +
            std::to_string(rows.rows()));
  }
  for (std::int64_t row = first; row < last; ++row) {
    CheckCounts(rows, row);
  }
}

void LdaTraining::Learn(CsrView rows, std::int64_t first, std::int64_t last, Step step, Workers& workers,
                        const std::function<void()>& between) {
  if (!(step.rate > 0 && step.rate <= 1) || !IsFiniteAndNotNegative(step.scale)) {
    Invalid("a step has the rate " + std::to_string(step.rate) + " and the scale " +
            std::to_string(step.scale) + ", and a rate in (0, 1] and a scale of at least 0 are expected");
  }
  CheckRows(rows, first, last);
  const FloatingPointEnvironment environment;
  Batch batch(*this, rows, first, last, workers);
  for (std::int64_t at = first; at < last; at += kDocumentsOfBlock) {
    if (between) {
      between();
    }
    batch.AddBlock(at, std::min(at + kDocumentsOfBlock, last));
  }
  // Nothing below throws but for want of memory, which is asked for first.
  const std::int64_t pieces = (batch.size() + kWordsAtATime - 1) / kWordsAtATime;
  std::vector<double> partial(static_cast<std::size_t>(pieces * stride_));
  Decay(1 - step.rate);
  ++steps_;
  const double rate = step.rate * step.scale / decay_;
  workers.ForEach(
      batch.size(), kWordsAtATime, [&](std::size_t /*worker*/, std::int64_t from, std::int64_t to) {
        double* counts[kWordsAtATime];
        for (std::int64_t w = from; w < to; ++w) {
          counts[w - from] = CountsOf(batch.words()[static_cast<std::size_t>(w)]);
        }
        table_->lda_training->add(counts, to - from, stride_, rate, batch.expected() + from * stride_,
                                  batch.statistics() + from * stride_,
                                  partial.data() + from / kWordsAtATime * stride_);
      });
  for (std::int64_t piece = 0; piece < pieces; ++piece) {
    for (std::int64_t k = 0; k < stride_; ++k) {
      totals_[static_cast<std::size_t>(k)] += partial[static_cast<std::size_t>(piece * stride_ + k)];
    }
  }
}

LdaTraining::Completion LdaTraining::Complete(CsrView rows, Workers& workers,
                                              const std::function<void()>& between) const {
  CheckRows(rows, 0, rows.rows());
  const FloatingPointEnvironment environment;
  Batch batch(*this, rows, 0, rows.rows(), workers);
  const auto topics = static_cast<std::size_t>(settings_.topics);
  std::vector<double> per_topic(topics);  // beta's denominator
  const double all_words = static_cast<double>(settings_.words) * settings_.topic_word_prior;
  for (std::size_t k = 0; k < topics; ++k) {
    per_topic[k] = 1 / (all_words + decay_ * totals_[k]);
  }
  std::vector<Completion> found(static_cast<std::size_t>(rows.rows()));
  for (std::int64_t block = 0; block < rows.rows(); block += kDocumentsOfBlock) {
    if (between) {
      between();
    }
    const std::int64_t size = std::min(kDocumentsOfBlock, rows.rows() - block);
    workers.ForEach(size, kDocumentsAtATime, [&](std::size_t worker, std::int64_t first, std::int64_t last) {
      for (auto row = static_cast<std::size_t>(block + first); row < static_cast<std::size_t>(block + last);
           ++row) {
        const auto begin = static_cast<std::size_t>(rows.row_starts[row]);
        const auto end = static_cast<std::size_t>(rows.row_starts[row + 1]);
        std::vector<std::int32_t> seen;
        std::vector<double> counts;
        for (std::size_t at = begin; at < end; at += 2) {
          seen.push_back(rows.ids[at]);
          counts.push_back(rows.values[at]);
        }
        if (begin + 1 >= end) {
          continue;  // nothing is left to predict
        }
        const std::vector<double>& gamma = batch.Infer(worker, seen, counts);
        double total = 0;
        for (const double value : gamma) {
          total += value;
        }
        for (std::size_t at = begin + 1; at < end; at += 2) {
          const double* const word = CountsOf(rows.ids[at]);
          double probability = 0;
          for (std::size_t k = 0; k < topics; ++k) {
            probability += gamma[k] * ((settings_.topic_word_prior + decay_ * word[k]) * per_topic[k]);
          }
          double logarithm = probability / total;
          table_->elementary->log(&logarithm, &logarithm, 1);
          found[row].log_likelihood += rows.values[at] * logarithm;
          found[row].tokens += rows.values[at];
        }
      }
    });
  }
  Completion all;
  for (const Completion& one : found) {
    all.log_likelihood += one.log_likelihood;
    all.tokens += one.tokens;
  }
  return all;
}

void LdaTraining::WriteComponents(std::span<double> out) const {
  CheckSize(out);
  const FloatingPointEnvironment environment;
  for (std::int64_t word = 0; word < settings_.words; ++word) {
    const double* const counts = CountsOf(word);
    for (std::int64_t k = 0; k < settings_.topics; ++k) {
      out[static_cast<std::size_t>(k * settings_.words + word)] =
          settings_.topic_word_prior + decay_ * counts[k];
    }
  }
}

void LdaTraining::WriteExpDirichletComponent(std::span<double> out, Workers& workers) const {
  CheckSize(out);
  const FloatingPointEnvironment environment;
  const std::vector<double> inverse = InverseTotals();
  workers.ForEach(settings_.words, kWordsAtATime,
                  [&](std::size_t /*worker*/, std::int64_t first, std::int64_t last) {
                    const double* counts[kWordsAtATime];
                    for (std::int64_t word = first; word < last; ++word) {
                      counts[word - first] = CountsOf(word);
                    }
                    std::vector<double> b(static_cast<std::size_t>((last - first) * stride_));
                    double sums[kWordsAtATime];
                    table_->lda_training->expect(counts, last - first, stride_, settings_.topic_word_prior,
                                                 decay_, inverse.data(), b.data(), sums);
                    for (std::int64_t k = 0; k < settings_.topics; ++k) {
                      for (std::int64_t word = first; word < last; ++word) {
                        out[static_cast<std::size_t>(k * settings_.words + word)] =
                            b[static_cast<std::size_t>((word - first) * stride_ + k)];
                      }
                    }
                  });
}

void LdaTraining::CheckSize(std::span<double> out) const {
  if (out.size() != static_cast<std::size_t>(settings_.topics) * static_cast<std::size_t>(settings_.words)) {
    Invalid("the output has room for " + std::to_string(out.size()) + " numbers, and " +
            std::to_string(settings_.topics) + " topics of " + std::to_string(settings_.words) +
            " words are expected");
  }
}

// 1 / exp(digamma(sum lambda)) by topic, zeros behind; 0 for a topic without any weight.
std::vector<double> LdaTraining::InverseTotals() const {
  std::vector<double> inverse(totals_.size());
  const double all_words = static_cast<double>(settings_.words) * settings_.topic_word_prior;
  for (std::size_t k = 0; k < static_cast<std::size_t>(settings_.topics); ++k) {
    inverse[k] = all_words + decay_ * totals_[k];
  }
  table_->elementary->exp_digamma(inverse.data(), inverse.data(), settings_.topics);
  for (double& value : inverse) {
    value = value > 0 ? 1 / value : 0;
  }
  return inverse;
}

// Multiplies counts by `factor`, in [0, 1): at once by decay_, from time to time one by one.
void LdaTraining::Decay(double factor) {
  decay_ *= factor;
  if (decay_ >= kSmallestDecay) {
    return;
  }
  for (double& count : counts_) {
    count *= decay_;
  }
  for (double& total : totals_) {
    total *= decay_;
  }
  decay_ = 1;
}

void LdaTraining::SumTotals() {
  std::fill(totals_.begin(), totals_.end(), 0.0);
  for (std::int64_t word = 0; word < settings_.words; ++word) {
    const double* const counts = CountsOf(word);
    for (std::int64_t k = 0; k < stride_; ++k) {
      totals_[static_cast<std::size_t>(k)] += counts[k];
    }
  }
}

double* LdaTraining::CountsOf(std::int64_t word) {
  return counts_.data() + word * stride_;
}

const double* LdaTraining::CountsOf(std::int64_t word) const {
  return counts_.data() + word * stride_;
}

}  // namespace foretell
